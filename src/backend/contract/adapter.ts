import type {RuntimeOptions} from '../../config/index.js'
import {NnError, type Reason} from '../../errors.js'
import {checkBuffer, checkBuilders, checkOneOf, checkString, checkTensor} from './arguments.js'
import type {Answer, AnswerRequest, OpenConversation, Core} from './core.js'
import {statusTypes, type BackendStatus, type StatusType} from './status.js'
import {
  dropHistory,
  keepPartial,
  newState,
  requestOf,
  setPrompt,
  stepsEnded,
  type ContextState,
  type Output,
} from './context-state.js'
import {switchModes, type SwitchOptions, type SwitchReport} from './switch.js'
import {readTextTensor, readUtf8, writeText} from './tensor.js'
import {
  executionTargets,
  graphEncodings,
  type ComputeOptions,
  type ContextId,
  type ContextOptions,
  type ExecutionTarget,
  type GraphEncoding,
  type GraphId,
  type LoadOptions,
  type OutputMetadata,
  type Tensor,
} from './types.js'
import type {Backend} from './wasi-nn.js'

/** Failures of a task that did not begin. */
const notBegun: readonly Reason[] = ['aborted', 'deadline']

/** From so many contexts on, those that were closed by others are looked for. */
const fewestToSweep = 64

/** The WASI-NN calls over the typed core: it checks arguments, keeps inputs and outputs, and copies bytes. */
export class WasiNnAdapter<C extends Core = Core> implements Backend {
  private readonly states = new Map<ContextId, ContextState>()
  private sweepAt = fewestToSweep

  constructor(readonly core: C) {}

  async load(
    builders: readonly Uint8Array[],
    encoding: GraphEncoding,
    target: ExecutionTarget,
    options?: LoadOptions,
  ): Promise<GraphId> {
    checkOneOf('encoding', encoding, graphEncodings, 'invalid_encoding')
    checkOneOf('target', target, executionTargets)
    checkBuilders(builders)
    const [bytes = new Uint8Array(), config] = builders
    if (builders.length > 2) {
      throw new NnError(
        'invalid_argument',
        `Got ${builders.length} graph builders; expected 1 (the model) or 2 (the model and its configuration).`,
      )
    }
    return this.core.load(
      {bytes, encoding, target},
      {...options, ...(config !== undefined && {config: readUtf8(config)})},
    )
  }

  async loadByName(name: string, options?: LoadOptions): Promise<GraphId> {
    checkString('name', name)
    return this.core.load({name}, options)
  }

  async loadByNameWithConfig(name: string, config: string, options?: LoadOptions): Promise<GraphId> {
    checkString('name', name)
    checkString('config', config)
    return this.core.load({name}, {...options, config})
  }

  async switchGraph(graph: GraphId, name: string, config?: string, options: SwitchOptions = {}): Promise<SwitchReport> {
    checkString('name', name)
    if (config !== undefined) checkString('config', config)
    if (options.mode !== undefined) checkOneOf('mode', options.mode, switchModes)
    return this.core.switchModel(graph, {name, ...(config !== undefined && {config})}, options)
  }

  async unload(graph: GraphId): Promise<void> {
    await this.core.unload(graph)
    // The graph is unloaded, whatever becomes of this; the next sweep would do it as well.
    await this.forgetClosed().catch(() => undefined)
  }

  async initExecutionContext(graph: GraphId, options: ContextOptions = {}): Promise<ContextId> {
    return this.opened(await this.core.open(graph, options))
  }

  async initExecutionContextWithSessionId(
    graph: GraphId,
    sessionId: string,
    options: Pick<ContextOptions, 'counted'> = {},
  ): Promise<ContextId> {
    checkString('session id', sessionId)
    return this.opened(await this.core.open(graph, {session: sessionId, ...options}))
  }

  async closeExecutionContext(id: ContextId): Promise<void> {
    try {
      await this.core.close(id)
      this.states.delete(id)
    } catch (error) {
      if (error instanceof NnError && error.reason === 'context_closed') this.states.delete(id)
      throw error
    }
  }

  async setInput(id: ContextId, index: number, tensor: Tensor): Promise<void> {
    const text = checkInput(index, tensor)
    const state = this.states.get(id) ?? (await this.state(id))
    const isStepping = state.stepOptions !== undefined
    // At once, so that a compute which does not wait for this call sees it.
    if (index === 0 && !isStepping) setPrompt(state, text)
    const reading = index === 1 ? this.readOptions(id, state, text) : undefined
    await this.endSteps(id, state)
    if (index === 0 && isStepping) setPrompt(state, text)
    await reading
  }

  async compute(id: ContextId, options: ComputeOptions = {}): Promise<void> {
    const state = this.states.get(id) ?? (await this.state(id))
    // Nothing is awaited without need: an input that is set right after this call is for the next one.
    if (isUnready(state)) await this.ready(id, state)
    await this.answer(id, state, requestOf(state), options)
  }

  async runInference(
    id: ContextId,
    index: number,
    tensor: Tensor,
    buffer: Uint8Array,
    runtimeOptions?: string,
    options: ComputeOptions = {},
  ): Promise<number> {
    checkBuffer(buffer)
    if (runtimeOptions !== undefined) checkString('runtime options', runtimeOptions)
    const text = checkInput(index, tensor)
    const state = this.states.get(id) ?? (await this.state(id))
    if (isUnready(state)) await this.ready(id, state)
    // From here to the request nothing is awaited for a prompt: calls at the same time answer each their own question.
    if (index === 0) setPrompt(state, text)
    else state.options = await this.core.readOptions(id, text)
    const {input, options: set} = requestOf(state)
    const own = runtimeOptions === undefined ? {} : await this.core.readOptions(id, runtimeOptions)
    const answer = await this.answer(id, state, {input, options: overlay(set, own)}, options)
    return writeText(answer.text, buffer)
  }

  async getOutput(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    return this.read(id, index, buffer, ({output}) => output)
  }

  async getOutputSingle(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    return this.read(id, index, buffer, ({step}) => step)
  }

  async computeSingle(id: ContextId, options: ComputeOptions = {}): Promise<void> {
    const state = this.states.get(id) ?? (await this.state(id))
    if (state.reading !== undefined) await state.reading.catch(() => undefined)
    const request = requestOf(state)
    if (state.stepOptions === undefined) state.output = undefined
    state.stepOptions ??= request.options
    state.pendingSteps++
    try {
      const {done, text, metadata} = await this.core.step(id, request, options)
      if (!done) {
        state.step = {text, metadata}
        return
      }
      if (state.step !== undefined) state.step = {text: '', metadata}
      stepsEnded(state, {text, metadata})
    } catch (error) {
      state.stepOptions = undefined
      throw keepPartial(state, error)
    } finally {
      state.pendingSteps--
    }
    throw new NnError('end_of_sequence')
  }

  async finiSingle(id: ContextId): Promise<void> {
    const state = this.states.get(id) ?? (await this.state(id))
    stepsEnded(state, await this.core.endSteps(id, {wait: true}))
  }

  async getBackendStatus(type: StatusType, buffer: Uint8Array): Promise<number> {
    checkBuffer(buffer)
    return writeText(JSON.stringify(await this.status(type)), buffer)
  }

  async status<T extends StatusType>(type: T): Promise<BackendStatus[T]> {
    checkOneOf('status type', type, statusTypes)
    return this.core.status(type)
  }

  async deinit(): Promise<void> {
    await this.core.deinit()
    this.states.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.core[Symbol.asyncDispose]()
    this.states.clear()
  }

  private async answer(
    id: ContextId,
    state: ContextState,
    request: AnswerRequest,
    options: ComputeOptions,
  ): Promise<Answer> {
    try {
      const answer = await this.core.answer({conversation: id}, request, options)
      state.output = answer
      dropHistory(state, request.options)
      return answer
    } catch (error) {
      // Of an answer that was not even begun the last output stays.
      const wasBegun = !(error instanceof NnError && (error.canRetry || notBegun.includes(error.reason)))
      if (wasBegun) state.output = undefined
      throw keepPartial(state, error)
    }
  }

  /** Waits for options that are being read, and ends token-by-token generation, whose history must not be used again. */
  private async ready(id: ContextId, state: ContextState): Promise<void> {
    // The call that set broken options reports them; the last good ones apply.
    if (state.reading !== undefined) await state.reading.catch(() => undefined)
    if (state.stepOptions !== undefined && state.pendingSteps === 0) await this.endSteps(id, state)
  }

  /** Ends token-by-token generation. With steps still waiting it ends after them, without waiting for that here. */
  private async endSteps(id: ContextId, state: ContextState): Promise<void> {
    if (state.pendingSteps === 0) {
      stepsEnded(state, await this.core.endSteps(id))
      return
    }
    const used = state.stepOptions
    state.stepOptions = undefined
    const ended = this.core.endSteps(id, {wait: true})
    ended.then(
      (answer) => answer !== undefined && dropHistory(state, used),
      // The steps that wait say what became of them.
      () => undefined,
    )
    await this.core.check(id)
  }

  private readOptions(id: ContextId, state: ContextState, text: string): Promise<void> {
    const reading = this.core.readOptions(id, text).then((options) => {
      state.options = options
    })
    state.reading = reading
    const done = (): void => {
      if (state.reading === reading) state.reading = undefined
    }
    // Also keeps a failure from being unhandled if the call fails before it awaits the options.
    reading.then(done, done)
    return reading
  }

  private async read(
    id: ContextId,
    index: number,
    buffer: Uint8Array,
    which: (state: ContextState) => Output | undefined,
  ): Promise<number> {
    checkBuffer(buffer)
    await this.core.check(id)
    const state = await this.state(id)
    const output = which(state)
    if (index === 0) return writeText(output?.text ?? '', buffer)
    if (index !== 1) {
      throw new NnError(
        'invalid_argument',
        `There is no output ${String(index)}. Output 0 is the text, output 1 the metadata.`,
      )
    }
    const metadata = output?.metadata ?? (await this.pendingMetadata(id, state))
    return writeText(metadata === undefined ? '' : JSON.stringify(metadata), buffer)
  }

  /** Metadata before an answer: the prompt's length is known, guests print it there. None without an input. */
  private async pendingMetadata(
    id: ContextId,
    {input, options}: ContextState,
  ): Promise<Partial<OutputMetadata> | undefined> {
    if (input === undefined) return undefined
    const {tokens, llama_build, llama_commit} = await this.core.count({conversation: id}, {input, options})
    return {input_tokens: tokens, output_tokens: 0, stop_reason: null, llama_build, llama_commit}
  }

  private async opened({conversation, model}: OpenConversation): Promise<ContextId> {
    // Contexts that were closed together with their session are not reported here.
    if (this.states.size >= this.sweepAt) await this.forgetClosed()
    this.states.set(conversation, newState(model.config.model.prompt_mode))
    return conversation
  }

  /**
   * The state of a context, including one that another client opened. @throws `invalid_argument` when it is not open.
   */
  private async state(id: ContextId): Promise<ContextState> {
    const known = this.states.get(id)
    if (known !== undefined) return known
    await this.core.check(id)
    const state = this.states.get(id) ?? newState('chat')
    this.states.set(id, state)
    return state
  }

  private async forgetClosed(): Promise<void> {
    // Those that are opened meanwhile may be missing in the status.
    const before = [...this.states.keys()]
    const {contexts} = await this.core.status('sessions')
    const open = new Set(contexts.map(({context}) => context))
    for (const id of before) if (!open.has(id)) this.states.delete(id)
    this.sweepAt = Math.max(fewestToSweep, 2 * this.states.size)
  }
}

/** Whether options are being read, or token-by-token generation runs that the next call ends. */
function isUnready({reading, stepOptions}: ContextState): boolean {
  return reading !== undefined || stepOptions !== undefined
}

/** The text of an input. @throws `invalid_argument` for a broken tensor or another index. */
function checkInput(index: number, tensor: Tensor): string {
  checkTensor(tensor)
  const text = readTextTensor(tensor)
  if (index === 0 || index === 1) return text
  throw new NnError(
    'invalid_argument',
    `There is no input ${String(index)}. Input 0 is the prompt, input 1 the runtime options.`,
  )
}

/** A grammar or schema of the call replaces that of the context, even in the other form. */
function overlay(options: RuntimeOptions, own: RuntimeOptions): RuntimeOptions {
  const merged = {...options, ...own}
  if (own.grammar !== undefined && own.json_schema === undefined) delete merged.json_schema
  if (own.json_schema !== undefined && own.grammar === undefined) delete merged.grammar
  return merged
}
