import type {ComputeOptions, OutputMetadata, Tensor} from '../../backend/contract/types.js'
import {inlineBytes} from '../bytes.js'
import {backendOf, handleOf, probeOf, type Frame, type StepValue} from '../frame.js'
import type {ArgumentsOf} from '../model.js'
import {readAll, readOnce, toJsonText} from '../output.js'

export async function setInput(args: ArgumentsOf<'set_input'>, frame: Frame): Promise<StepValue> {
  await backendOf(frame).setInput(contextOf(args, frame), args.index ?? 0, tensorOf(args))
  return {}
}

export async function compute(args: ArgumentsOf<'compute'>, frame: Frame): Promise<StepValue> {
  const {options, streamed} = listening(frame)
  await backendOf(frame).compute(contextOf(args, frame), options)
  return {streamed: streamed()}
}

export async function getOutput(args: ArgumentsOf<'get_output'>, frame: Frame): Promise<StepValue> {
  const context = contextOf(args, frame)
  const read = (buffer: Uint8Array): Promise<number> => backendOf(frame).getOutput(context, args.index ?? 0, buffer)
  return args.buffer_bytes === undefined ? readAll(read) : readOnce(read, args.buffer_bytes)
}

export async function computeSingle(args: ArgumentsOf<'compute_single'>, frame: Frame): Promise<StepValue> {
  await backendOf(frame).computeSingle(contextOf(args, frame), {signal: frame.signal})
  return {}
}

export async function getOutputSingle(args: ArgumentsOf<'get_output_single'>, frame: Frame): Promise<StepValue> {
  const context = contextOf(args, frame)
  const read = (buffer: Uint8Array): Promise<number> =>
    backendOf(frame).getOutputSingle(context, args.index ?? 0, buffer)
  return args.buffer_bytes === undefined ? readAll(read) : readOnce(read, args.buffer_bytes)
}

export async function finiSingle(args: ArgumentsOf<'fini_single'>, frame: Frame): Promise<StepValue> {
  await backendOf(frame).finiSingle(contextOf(args, frame))
  return {}
}

export async function runInference(args: ArgumentsOf<'run_inference'>, frame: Frame): Promise<StepValue> {
  const {options, streamed} = listening(frame)
  const context = contextOf(args, frame)
  const runtime = args.options === undefined ? undefined : toJsonText(args.options)
  const index = args.index ?? 0
  const output = await readOnce(
    (buffer) => backendOf(frame).runInference(context, index, tensorOf(args), buffer, runtime, options),
    args.buffer_bytes,
  )
  return {...output, streamed: streamed()}
}

/** The prompt that a question would be answered for. */
export async function renderPrompt(args: ArgumentsOf<'render_prompt'>, frame: Frame): Promise<StepValue> {
  const {text, options} = args
  const request = {input: text, ...(options && {options})}
  const rendered = await probeOf(frame).render(backendOf(frame), contextOf(args, frame), request)
  return {
    text: rendered.text,
    prompt_tokens: rendered.tokens.length,
    dropped_messages: rendered.dropped_messages,
  }
}

/** The whole text of the last answer, for a step that gives none itself. */
export async function readText(frame: Frame, context: number): Promise<string> {
  return (await readAll((buffer) => backendOf(frame).getOutput(context, 0, buffer))).text
}

export async function readMetadata(frame: Frame, context: number, single: boolean): Promise<OutputMetadata> {
  const backend = backendOf(frame)
  const {text} = await readAll((buffer) =>
    single ? backend.getOutputSingle(context, 1, buffer) : backend.getOutput(context, 1, buffer),
  )
  return JSON.parse(text) as OutputMetadata
}

/** The context that a step works on. */
export function contextOf(args: {context?: string | number}, frame: Frame): number {
  return handleOf(frame, 'context', args.context)
}

function tensorOf(args: ArgumentsOf<'set_input'>): Tensor {
  const data = inlineBytes(args)
  return {dimensions: args.dimensions ?? [data.length], type: args.type ?? 'u8', data}
}

function listening({signal}: Frame): {options: ComputeOptions; streamed: () => string} {
  const pieces: string[] = []
  return {options: {signal, onText: (piece) => void pieces.push(piece)}, streamed: () => pieces.join('')}
}
