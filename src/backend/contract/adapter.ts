import type {RuntimeOptions} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {checkBuffer, checkBuilders, checkOneOf, checkString, checkTensor} from './arguments.js'
import type {Answer, AnswerRequest, OpenConversation, Core} from './core.js'
import {statusTypes, type BackendStatus, type StatusType} from './status.js'
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

/** Contexts that are kept before the closed ones among them are looked for. */
const mostStates = 4096

/** What can be read of an answer. Not all is known of one whose engine died. */
interface Output {
  text: string
  metadata: Partial<OutputMetadata>
}

/** What WASI-NN keeps of an execution context between two calls. */
interface ContextState {
  input: string | undefined
  options: RuntimeOptions
  output: Output | undefined
  /** The text of the token that was generated last, and the metadata so far. */
  step: Output | undefined
  /** The options that token-by-token generation began with. */
  stepOptions: RuntimeOptions | undefined
}

/** The WASI-NN calls over the typed core: it checks arguments, keeps inputs and outputs, and copies bytes. */
export class WasiNnAdapter<C extends Core = Core> implements Backend {
  private readonly states = new Map<ContextId, ContextState>()

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
        `There are ${builders.length} graph builders; one is the model, a second one its configuration.`,
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
    await this.forgetClosed()
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
    if (sessionId === '') throw new NnError('invalid_argument', 'The session id is empty.')
    return this.opened(await this.core.open(graph, {session: sessionId, ...options}))
  }

  async closeExecutionContext(id: ContextId): Promise<void> {
    this.states.delete(id)
    await this.core.close(id)
  }

  async setInput(id: ContextId, index: number, tensor: Tensor): Promise<void> {
    const ended = await this.core.endSteps(id)
    const state = await this.state(id)
    this.stepsEnded(state, ended)
    const text = checkInput(index, tensor)
    if (index === 0) setPrompt(state, text)
    else state.options = await this.core.readOptions(id, text)
  }

  async compute(id: ContextId, options: ComputeOptions = {}): Promise<void> {
    const state = this.states.get(id) ?? (await this.state(id))
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
    const request = requestOf(state)
    state.stepOptions ??= request.options
    try {
      const {done, text, metadata} = await this.core.step(id, request, options)
      if (!done) {
        state.step = {text, metadata}
        return
      }
      if (state.step !== undefined) state.step = {text: '', metadata}
      this.stepsEnded(state, {text, metadata})
    } catch (error) {
      state.stepOptions = undefined
      throw keepPartial(state, error)
    }
    throw new NnError('end_of_sequence')
  }

  async finiSingle(id: ContextId): Promise<void> {
    const ended = await this.core.endSteps(id, {wait: true})
    this.stepsEnded(await this.state(id), ended)
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
    state.output = undefined
    try {
      const answer = await this.core.answer({conversation: id}, request, options)
      state.output = answer
      dropHistory(state, request.options)
      return answer
    } catch (error) {
      throw keepPartial(state, error)
    }
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
      throw new NnError('invalid_argument', `There is no output ${String(index)}: 0 is the text, 1 the metadata.`)
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

  private stepsEnded(state: ContextState, answer: Answer | undefined): void {
    if (answer === undefined) return
    state.output = answer
    dropHistory(state, state.stepOptions)
    state.stepOptions = undefined
  }

  private async opened({conversation}: OpenConversation): Promise<ContextId> {
    // Contexts that were closed with their session were not heard of here.
    if (this.states.size >= mostStates) await this.forgetClosed()
    this.states.set(conversation, newState())
    return conversation
  }

  /** What is kept of a context, also of one that was opened by others. @throws `invalid_argument` when it is not open. */
  private async state(id: ContextId): Promise<ContextState> {
    const known = this.states.get(id)
    if (known !== undefined) return known
    await this.core.check(id)
    const state = newState()
    this.states.set(id, state)
    return state
  }

  private async forgetClosed(): Promise<void> {
    const {contexts} = await this.core.status('sessions')
    const open = new Set(contexts.map(({context}) => context))
    for (const id of this.states.keys()) if (!open.has(id)) this.states.delete(id)
  }
}

function newState(): ContextState {
  return {input: undefined, options: {}, output: undefined, step: undefined, stepOptions: undefined}
}

function setPrompt(state: ContextState, text: string): void {
  state.input = text
  state.output = undefined
  state.step = undefined
}

/** @throws `invalid_argument` for a context without an input. */
function requestOf({input, options}: ContextState): Required<AnswerRequest> {
  if (input !== undefined) return {input, options}
  throw new NnError('invalid_argument', 'The context has no input.', {hint: 'Call set_input with index 0 first.'})
}

/** A history is for one answer: a second compute with the same options continues from it. */
function dropHistory(state: ContextState, used: RuntimeOptions | undefined): void {
  // Options that were set meanwhile are for a later answer.
  if (used?.history === undefined || state.options.history !== used.history) return
  const others = {...state.options}
  delete others.history
  state.options = others
}

/** Keeps what was generated before a failure, so that it can be read. */
function keepPartial(state: ContextState, error: unknown): unknown {
  if (error instanceof NnError && error.partial !== undefined) state.output = error.partial
  return error
}

/** The text of an input. @throws `invalid_argument` for a broken tensor or another index. */
function checkInput(index: number, tensor: Tensor): string {
  checkTensor(tensor)
  const text = readTextTensor(tensor)
  if (index === 0 || index === 1) return text
  throw new NnError('invalid_argument', `There is no input ${String(index)}: 0 is the prompt, 1 the runtime options.`)
}

/** A call's own guide (grammar or schema) replaces the context's, in whichever form that is. */
function overlay(options: RuntimeOptions, own: RuntimeOptions): RuntimeOptions {
  const merged = {...options, ...own}
  if (own.grammar !== undefined && own.json_schema === undefined) delete merged.json_schema
  if (own.json_schema !== undefined && own.grammar === undefined) delete merged.grammar
  return merged
}
