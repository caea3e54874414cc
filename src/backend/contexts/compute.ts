import type {ComputeOptions, OutputMetadata} from '../backend.js'
import {applyRuntimeOptions, type RuntimeOptions} from '../config/index.js'
import {GenerationError, type GenerationHandle} from '../engine/engine-process.js'
import type {ChatMessage, EngineInfo, GenerateRequest, GenerateResult, Prompt} from '../engine/protocol.js'
import {NnError} from '../errors.js'
import {leaveOut, promptHistory, rewrittenHistory, type StoredMessage} from '../sessions/session-store.js'
import type {ExecutionContext, Output} from './execution-context.js'

type Effective = ReturnType<typeof applyRuntimeOptions>

/** What a request is made of: the graph's configuration, the context's options, this call's options. */
export function effectiveOptions({graph, options}: ExecutionContext, callOptions: RuntimeOptions = {}): Effective {
  return applyRuntimeOptions(graph.config, {...options, ...callOptions})
}

/** The prompt of the context's input: with the session's history before it in chat mode, alone in raw mode. */
export function promptOf({graph, session, input}: ExecutionContext, {request}: Effective): Prompt {
  if (input === undefined) {
    throw new NnError('invalid_argument', 'The context has no input.', {hint: 'Call set_input with index 0 first.'})
  }
  if (request.prompt_mode === 'raw') return {mode: 'raw', text: input}
  const system: ChatMessage[] = request.system_prompt === '' ? [] : [{role: 'system', content: request.system_prompt}]
  const history = promptHistory(session, rewrittenHistory(session.messages, request.history), graph.id)
  return {mode: 'chat', messages: [...system, ...history, {role: 'user', content: input}]}
}

/**
 * Puts the history that the request brings, if it does, in the place of the session's. To be called when the request's
 * turn has come: until then another context may compute on the session.
 */
export function replaceHistory(context: ExecutionContext, {request}: Effective): void {
  const {session, options} = context
  const messages = rewrittenHistory(session.messages, request.history)
  // What is left out counts from the beginning of this history, not of another one.
  if (messages !== session.messages) session.leftOut = {graph: -1, messages: 0}
  session.messages = messages
  // A second compute with the same options goes on from here. Options that were set meanwhile are for a later one.
  if (options.history === request.history) delete options.history
}

export function generateRequest(
  context: ExecutionContext,
  effective: Effective,
  how: Pick<GenerateRequest, 'pace' | 'stream'>,
): GenerateRequest {
  const {model, memory} = context.graph.config
  return {
    prompt: promptOf(context, effective),
    sampling: effective.sampling,
    stopping: effective.stopping,
    contextShift: memory.context_shifting ? {keep: memory.n_keep_tokens, discard: memory.n_discard_tokens} : null,
    contextSize: model.ctx_size,
    cachePrompt: memory.cache_prompt,
    deterministic: effective.request.deterministic,
    ...how,
  }
}

/**
 * Runs one generation to its end, or until `signal` says stop: then what was said so far is the result, except past
 * the deadline, which is an error that leaves the partial text readable.
 */
export async function generate(
  context: ExecutionContext,
  effective: Effective,
  signal: AbortSignal,
  {onText}: ComputeOptions,
): Promise<GenerateResult> {
  const engine = await context.graph.engine()
  const handle = engine.generate(
    generateRequest(context, effective, {pace: 'free', stream: onText !== undefined}),
    onText,
  )
  return settleOnAbort(context, handle, signal)
}

async function settleOnAbort(
  context: ExecutionContext,
  handle: GenerationHandle,
  signal: AbortSignal,
): Promise<GenerateResult> {
  const abort = (): void => handle.abort()
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    const result = await handle.result
    context.output = {text: result.text, metadata: result.metadata}
    // A deadline or a closed context is a failure; the caller's own signal only ends the answer early.
    if (result.stopReason === 'aborted' && signal.reason instanceof NnError) throw signal.reason
    return result
  } catch (error) {
    if (error instanceof GenerationError && error.partial !== null) {
      context.output = {text: error.partial.text, metadata: error.partial.metadata}
    }
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Puts a finished turn into the session's history. A turn that brought no text is as if it had not been asked. */
export function remember(
  context: ExecutionContext,
  {text, tokens, droppedMessages}: Pick<GenerateResult, 'text' | 'tokens' | 'droppedMessages'>,
): void {
  const {session, input, graph} = context
  leaveOut(session, graph.id, droppedMessages)
  if (input === undefined || text === '') return
  const answer: StoredMessage = {role: 'assistant', content: text}
  if (tokens !== null) answer.generated = {graph: graph.id, tokens}
  session.messages.push({role: 'user', content: input}, answer)
}

/** Metadata with the wait in the queue counted into the time to the first token. */
export function withWait(metadata: OutputMetadata, waitedMs: number): OutputMetadata {
  return {...metadata, ttft_ms: metadata.ttft_ms + waitedMs}
}

/** @throws `context_full` after an answer that had to end because of it; the text stays readable. */
export function throwIfFull({stopReason}: GenerateResult, contextSize: number): void {
  if (stopReason !== 'context_full') return
  throw new NnError('context_full', `The context of ${contextSize} tokens is full; the answer ends here.`, {
    hint: 'Turn memory.context_shifting on, raise model.ctx_size or start a new session.',
  })
}

/** Output 0 or 1 of a context, as text. @throws `invalid_argument` for another index. */
export function outputText(output: Output | undefined, index: number): string | undefined {
  if (index === 0) return output?.text ?? ''
  if (index === 1) return output === undefined ? undefined : JSON.stringify(output.metadata)
  throw new NnError('invalid_argument', `There is no output ${index}: 0 is the text, 1 the metadata.`)
}

/** Metadata of a prompt that has not been computed. */
export function unansweredMetadata(
  inputTokens: number,
  {llamaBuild, llamaCommit}: EngineInfo,
): Partial<OutputMetadata> {
  return {
    input_tokens: inputTokens,
    output_tokens: 0,
    stop_reason: null,
    llama_build: llamaBuild,
    llama_commit: llamaCommit,
  }
}

/** With `stream_stdout` the text goes to standard output too, as it comes. */
export function withStdout({onText, ...options}: ComputeOptions, streams: boolean): ComputeOptions {
  if (!streams) return onText === undefined ? options : {...options, onText}
  return {
    ...options,
    onText: (text) => {
      process.stdout.write(text)
      onText?.(text)
    },
  }
}

export function anySignal(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  return second === undefined ? first : AbortSignal.any([first, second])
}
