import {readTextTensor, textTensor} from '../../backend/contract/tensor.js'
import type {ComputeOptions} from '../../backend/contract/types.js'
import {NnError} from '../../errors.js'
import {plural} from '../../terminal/units.js'
import type {GuestTensor} from '../abi/messages.js'
import {tensorTypes} from '../abi/numbers.js'
import {embedPrompt} from './embedding.js'
import {requireLoaded, requireUsable, type GuestContext, type GuestGraph} from './guest-objects.js'
import type {GraphTable} from './graph-table.js'
import {HandleTable} from './handles.js'
import type {NnBackend} from './nn-backend.js'
import {checkValues, runtimeOptions, type OptionValues} from './options.js'
import {keepOutputs, readGuestOutput} from './outputs.js'

export interface ContextSettings {
  onText?: (text: string) => Promise<void> | void
  signal?: AbortSignal
}

/** Contexts of one guest that may be open at the same time. */
const mostContexts = 1024

/** Tokens that a prompt leaves free in its context, as in WasmEdge. */
const reservedTokens = 4

/** Options whose change loads the model again, as in WasmEdge. */
const reloading = ['embedding', 'n-gpu-layers'] as const

/** The execution contexts of one guest. */
export class ContextTable {
  private readonly contexts = new HandleTable<GuestContext>()
  private readonly signal: AbortSignal

  constructor(
    private readonly backend: NnBackend,
    private readonly graphs: GraphTable,
    private readonly settings: ContextSettings,
  ) {
    this.signal = settings.signal ?? new AbortController().signal
  }

  async open(graphHandle: number): Promise<number> {
    const graph = this.graphs.get(graphHandle)
    requireUsable(graph)
    if (this.contexts.size >= mostContexts) {
      throw new NnError('too_many_contexts', `The guest has ${mostContexts} open contexts, which is the limit.`)
    }
    // A guest builds its prompts itself, so its contexts need no session that outlives them.
    const id = await this.backend.initExecutionContext(graph.id, {temporary: true, counted: false})
    return this.contexts.add({id, graph, options: graph.options})
  }

  async setInput(handle: number, index: number, tensor: GuestTensor): Promise<void> {
    const context = this.get(handle)
    requireLoaded(context.graph)
    if (index !== 0 && index !== 1) {
      throw new NnError(
        'invalid_argument',
        `There is no input ${index}. Input 0 is the prompt, input 1 the configuration.`,
      )
    }
    const text = readText(tensor)
    if (index === 1) return this.configure(context, text)
    requireUsable(context.graph)
    delete context.embedding
    context.prompt = text
    await this.backend.setInput(context.id, 0, textTensor(text))
  }

  async compute(handle: number): Promise<void> {
    const context = this.getUsable(handle)
    delete context.embedding
    if (context.options.embedding === true) return embedPrompt(this.backend, context, this.signal)
    await this.checkLength(context)
    const streams = context.options['stream-stdout'] === true ? this.settings.onText : undefined
    let written = Promise.resolve()
    const options: ComputeOptions = {
      signal: this.signal,
      ...(streams !== undefined && {onText: (text: string) => void (written = written.then(() => streams(text)))}),
    }
    try {
      await this.backend.compute(context.id, options)
    } finally {
      // What the guest writes next comes after the answer.
      await written
    }
  }

  async computeSingle(handle: number): Promise<void> {
    const context = this.getUsable(handle)
    await this.checkLength(context)
    await this.backend.computeSingle(context.id, {signal: this.signal})
  }

  async output(
    handle: number,
    of: 'answer' | 'step',
    index: number,
    size: number,
  ): Promise<{bytes: Uint8Array<ArrayBuffer>}> {
    const context = this.get(handle)
    if (context.graph.state === 'unusable') requireUsable(context.graph)
    if (index !== 0 && index !== 1) {
      throw new NnError('invalid_argument', `There is no output ${index}. Output 0 is the text, output 1 the metadata.`)
    }
    const bytes = await readGuestOutput(this.backend, context, `${of}-${index === 0 ? 'text' : 'metadata'}`)
    if (bytes.length > size) {
      const message = `The buffer has ${plural(size, 'byte')}, but the output needs ${bytes.length}.`
      throw new NnError('buffer_too_small', message, {neededBytes: bytes.length})
    }
    return {bytes: new Uint8Array(bytes)}
  }

  async finiSingle(handle: number): Promise<void> {
    const context = this.get(handle)
    if (context.graph.state !== 'unloaded') await this.backend.finiSingle(context.id)
  }

  async close(handle: number): Promise<void> {
    const context = this.get(handle)
    this.contexts.remove(handle)
    if (context.graph.state !== 'unloaded') await this.backend.closeExecutionContext(context.id)
  }

  /** Closes the contexts of a graph in the backend, and keeps their outputs. Running computations end. */
  async closeAll(graph: GuestGraph): Promise<void> {
    const contexts = this.contexts.list().filter((context) => context.graph === graph)
    await Promise.all(
      contexts.map(async (context) => {
        context.kept = await keepOutputs(this.backend, context)
        await this.backend.closeExecutionContext(context.id)
      }),
    )
  }

  async dispose(): Promise<void> {
    for (const {id, graph} of this.contexts.list()) {
      if (graph.state !== 'unloaded') await this.backend.closeExecutionContext(id)
    }
  }

  /** Index 1: the options of the context. Some load the graph again. */
  private async configure(context: GuestContext, text: string): Promise<void> {
    const {graph} = context
    const given = this.graphs.readOptions(text)
    const options = {...context.options, ...given}
    const changed = reloading.filter((name) => (options[name] ?? false) !== (context.options[name] ?? false))
    if (changed.length > 0 || graph.state === 'unusable') {
      // Until it has succeeded.
      graph.state = 'unusable'
      checkValues(options)
      if (changed.includes('n-gpu-layers') && !this.hasLayers(graph, options)) await this.graphs.reload(graph, options)
      graph.state = 'loaded'
      graph.options = {...graph.options, ...given}
    } else {
      checkValues(options)
    }
    context.options = options
    await this.backend.setInput(context.id, 1, textTensor(JSON.stringify(runtimeOptions(options))))
  }

  /** Whether the graph already has the number of layers on the GPU that the options ask for. */
  private hasLayers(graph: GuestGraph, options: OptionValues): boolean {
    return (graph.options['n-gpu-layers'] ?? 0) === (options['n-gpu-layers'] ?? 0)
  }

  /** The tokens of a prompt are counted only if it may be too long: it has at most one per byte, and a few more. */
  private async checkLength({id, graph, prompt}: GuestContext): Promise<void> {
    const most = graph.ctxSize - reservedTokens
    if (prompt === undefined || Buffer.byteLength(prompt) + reservedTokens <= most) return
    const {tokens} = await this.backend.core.count({conversation: id}, {input: prompt})
    if (tokens <= most) return
    throw new NnError(
      'prompt_too_long',
      `The prompt has ${tokens} tokens; the context of ${graph.ctxSize} tokens has room for ${most}.`,
    )
  }

  private get(handle: number): GuestContext {
    const context = this.contexts.get(handle)
    if (context !== undefined) return context
    throw new NnError('context_closed', `There is no execution context ${handle}.`)
  }

  private getUsable(handle: number): GuestContext {
    const context = this.get(handle)
    requireUsable(context.graph)
    return context
  }
}

function readText({dimensions, type, data}: GuestTensor): string {
  const name = tensorTypes[type]
  if (name === undefined) throw new NnError('invalid_argument', `There is no tensor type ${type}.`)
  return readTextTensor({dimensions, type: name, data})
}
