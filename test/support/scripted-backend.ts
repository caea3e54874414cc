import {NnError} from '../../src/errors.js'
import type {Backend} from '../../src/backend/contract/wasi-nn.js'
import type {ComputeOptions, ContextId, GraphId, Tensor} from '../../src/backend/contract/types.js'
import type {SwitchOptions} from '../../src/backend/contract/switch.js'
import type {BackendStatus, StatusType} from '../../src/backend/contract/status.js'
import type {Target} from '../../src/suites/index.js'

/** What a scripted backend says to a prompt: a text, or whatever the function does. */
export type Script = Record<string, string | ((options: ComputeOptions) => string | Promise<string>)>

/** A backend without a model, for what concerns the suites' runner alone. Counts are characters. */
export class ScriptedBackend implements Backend {
  released = 0
  private nextId = 0
  private readonly contexts = new Map<ContextId, {input: string; output: string}>()

  constructor(
    private readonly script: Script,
    readonly config?: string,
  ) {}

  load(): Promise<GraphId> {
    return Promise.resolve(this.nextId++)
  }

  loadByName(name: string): Promise<GraphId> {
    if (name.includes('missing')) throw new NnError('model_not_found', `There is no ${name}.`)
    if (name.includes('broken')) throw new NnError('runtime_error', 'The engine does not start.')
    return this.load()
  }

  loadByNameWithConfig(name: string): Promise<GraphId> {
    return this.loadByName(name)
  }

  switchGraph(_graph: GraphId, _name: string, _config?: string, {mode}: SwitchOptions = {}): Promise<never> {
    throw new NnError('unsupported_operation', `A scripted backend has no models to ${mode ?? 'switch'}.`)
  }

  initExecutionContext(): Promise<ContextId> {
    const id = this.nextId++
    this.contexts.set(id, {input: '', output: ''})
    return Promise.resolve(id)
  }

  initExecutionContextWithSessionId(): Promise<ContextId> {
    return this.initExecutionContext()
  }

  async setInput(context: ContextId, index: number, {data}: Tensor): Promise<void> {
    if (index === 0) this.context(context).input = Buffer.from(data).toString()
    return Promise.resolve()
  }

  async compute(context: ContextId, options: ComputeOptions = {}): Promise<void> {
    const open = this.context(context)
    const line = this.script[open.input] ?? ''
    open.output = typeof line === 'string' ? line : await line(options)
    options.onText?.(open.output)
  }

  getOutput(context: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    const {input, output} = this.context(context)
    const metadata = {input_tokens: input.length, output_tokens: output.length, stop_reason: 'end_of_sequence'}
    return Promise.resolve(write(index === 0 ? output : JSON.stringify(metadata), buffer))
  }

  computeSingle(): Promise<void> {
    throw new NnError('end_of_sequence')
  }

  getOutputSingle(context: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    return this.getOutput(context, index, buffer)
  }

  finiSingle(): Promise<void> {
    return Promise.resolve()
  }

  async runInference(
    context: ContextId,
    index: number,
    tensor: Tensor,
    buffer: Uint8Array,
    _runtimeOptions?: string,
    options?: ComputeOptions,
  ): Promise<number> {
    await this.setInput(context, index, tensor)
    await this.compute(context, options)
    return this.getOutput(context, 0, buffer)
  }

  closeExecutionContext(context: ContextId): Promise<void> {
    this.context(context)
    this.contexts.delete(context)
    return Promise.resolve()
  }

  unload(): Promise<void> {
    return Promise.resolve()
  }

  async getBackendStatus(type: StatusType, buffer: Uint8Array): Promise<number> {
    return write(JSON.stringify(await this.status(type)), buffer)
  }

  status<T extends StatusType>(type: T): Promise<BackendStatus[T]> {
    const config = this.config === undefined ? {} : (JSON.parse(this.config) as object)
    return Promise.resolve({type, active: this.contexts.size, config} as unknown as BackendStatus[T])
  }

  deinit(): Promise<void> {
    this.released += 1
    if (this.released > 1) throw new NnError('invalid_argument', 'The backend was released.')
    return Promise.resolve()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.released === 0) await this.deinit()
  }

  private context(id: ContextId): {input: string; output: string} {
    const context = this.contexts.get(id)
    if (context === undefined) throw new NnError('invalid_argument', `There is no context ${id}.`)
    return context
  }
}

function write(text: string, buffer: Uint8Array): number {
  const bytes = Buffer.from(text)
  if (bytes.length > buffer.length) throw new NnError('too_large', undefined, {neededBytes: bytes.length})
  buffer.set(bytes)
  return bytes.length
}

/** A target of scripted backends, with those that it has made. */
export function scriptedTarget(script: Script = {}): Target & {made: ScriptedBackend[]} {
  const made: ScriptedBackend[] = []
  return {
    name: 'scripted',
    made,
    init: (config) => {
      const backend = new ScriptedBackend(script, ...(config === undefined ? [] : [config]))
      made.push(backend)
      return Promise.resolve(backend)
    },
  }
}
