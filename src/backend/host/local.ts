import os from 'node:os'
import path from 'node:path'
import {checkBuffer, checkBuilders, checkOneOf, checkString, checkTensor} from '../contract/arguments.js'
import {
  graphEncodings,
  executionTargets,
  type Backend,
  type ComputeOptions,
  type ContextId,
  type ContextOptions,
  type Embedder,
  type Embeddings,
  type EmbedOptions,
  type ExecutionTarget,
  type GraphEncoding,
  type GraphId,
  type LoadOptions,
  type Tensor,
} from '../contract/backend.js'
import {
  configFromObject,
  parseConfig,
  parseRuntimeOptions,
  type Config,
  type ParsedConfig,
  type RuntimeOptions,
} from '../../config/index.js'
import {beginSingle, endSingle, endSteps, inTurn, stepSingle} from './contexts/single-step.js'
import {anySignal, outputText, withStdout, withWait} from './contexts/output.js'
import {embedTexts} from './contexts/embed.js'
import {generate} from './contexts/generate.js'
import {pendingMetadata} from './contexts/pending-metadata.js'
import {commit, newTurn, onCurrentModel, throwIfFull} from './contexts/turn.js'
import type {ExecutionContext, Output, Single} from './contexts/execution-context.js'
import {readTextTensor, readUtf8, writeText} from '../contract/tensor.js'
import {NnError} from '../../errors.js'
import type {InitOptions} from './init-options.js'
import type {Graph} from '../models/graph.js'
import {cacheFolder, pruneCaches} from '../memory/cache-folder.js'
import {removeLeftovers} from '../models/leftovers.js'
import {switchModes, type SwitchOptions, type SwitchReport} from '../contract/switch.js'
import {ModelSwitch} from '../models/switch.js'
import {Parts} from './parts.js'
import {report} from './status-report.js'
import {temporarySession} from '../sessions/session-store.js'
import {StateDir} from '../sessions/state-dir.js'
import {statusTypes, type BackendStatus, type StatusType} from '../contract/status.js'

export type {InitOptions} from './init-options.js'

/**
 * Initializes a backend in this process (`init_backend`, `init_backend_with_config`). Models run in processes of
 * their own, which end with `deinit`.
 *
 * @throws `invalid_argument` for a broken configuration when `strict` (or `strict_config` in it) says so, and for a
 * `stateDir` that cannot be used.
 */
export async function initBackend(options: InitOptions = {}): Promise<LocalBackend> {
  const {config = '{}', configFile, strict = false, cores = os.availableParallelism()} = options
  const how = {strict, cores, ...(configFile !== undefined && {file: configFile})}
  const isObject = typeof config === 'object' && (config as object | null) !== null
  if (!isObject) checkString('configuration', config)
  const parsed = isObject ? configFromObject(config, how) : parseConfig(config as string, how)
  const {stateDir} = options
  if (stateDir !== undefined) checkString('state folder', stateDir)
  await removeLeftovers()
  const state = stateDir === undefined ? undefined : await StateDir.open(stateDir)
  try {
    const {warnings: configWarnings} = parsed
    const config = inFolder(parsed.config, options.folder)
    const folder = await cacheFolder(state?.folder, config.memory.max_cache_mb)
    if (folder.durable) await pruneCaches(folder, config.memory.max_cache_age_ms || Infinity)
    const parts = new Parts({...options, cores, config, configWarnings, state, cacheFolder: folder})
    return new LocalBackend({strict, cores}, parts)
  } catch (error) {
    await state?.close()
    throw error
  }
}

/** The lifecycle in this process: scheduling, sessions and models; the contract says what each call does. */
export class LocalBackend implements Backend, Embedder {
  private released = false

  constructor(
    private readonly options: Pick<InitOptions, 'strict'> & {cores: number},
    private readonly parts: Parts,
  ) {}

  /** The configuration in force. */
  get config(): Config {
    return this.parts.config
  }

  async load(
    builders: readonly Uint8Array[],
    encoding: GraphEncoding,
    target: ExecutionTarget,
    options?: LoadOptions,
  ): Promise<GraphId> {
    this.checkAlive()
    checkOneOf('encoding', encoding, graphEncodings, 'invalid_encoding')
    checkOneOf('target', target, executionTargets)
    checkBuilders(builders)
    const [bytes, text] = builders
    if (builders.length > 2) {
      throw new NnError(
        'invalid_argument',
        `There are ${builders.length} graph builders; one is the model, a second one its configuration.`,
      )
    }
    const {config, warnings} =
      text === undefined ? {config: this.config, warnings: []} : this.graphConfig(readUtf8(text))
    return this.opened(await this.parts.registry.loadBytes(bytes, encoding, target, {config, warnings}, options))
  }

  async loadByName(name: string, options?: LoadOptions): Promise<GraphId> {
    this.checkAlive()
    checkString('name', name)
    return this.opened(await this.parts.registry.loadByName(name, {config: this.config, warnings: []}, options))
  }

  async loadByNameWithConfig(name: string, config: string, options?: LoadOptions): Promise<GraphId> {
    this.checkAlive()
    checkString('name', name)
    checkString('config', config)
    return this.opened(await this.parts.registry.loadByName(name, this.graphConfig(config), options))
  }

  async switchGraph(id: GraphId, name: string, config?: string, options: SwitchOptions = {}): Promise<SwitchReport> {
    this.checkAlive()
    checkString('name', name)
    if (options.mode !== undefined) checkOneOf('mode', options.mode, switchModes)
    const {registry, scheduler, journal} = this.parts
    const parsed = config === undefined ? {config: this.config, warnings: []} : this.graphConfig(config)
    const work = new ModelSwitch(registry.get(id), {name, parsed}, options, {
      registry,
      scheduler,
      logger: journal.logger,
    })
    return registry.track(work.carryOut())
  }

  async initExecutionContext(graph: GraphId, options?: ContextOptions): Promise<ContextId> {
    return this.openContext(graph, undefined, options)
  }

  async initExecutionContextWithSessionId(
    graph: GraphId,
    sessionId: string,
    {counted = true}: Pick<ContextOptions, 'counted'> = {},
  ): Promise<ContextId> {
    checkString('session id', sessionId)
    if (sessionId === '') throw new NnError('invalid_argument', 'The session id is empty.')
    return this.openContext(graph, sessionId, {counted})
  }

  async setInput(id: ContextId, index: number, tensor: Tensor): Promise<void> {
    const context = this.context(id)
    await endSteps(context)
    this.accept(context, index, tensor)
  }

  async compute(id: ContextId, options?: ComputeOptions): Promise<void> {
    const context = this.context(id)
    await endSteps(context)
    await this.run(context, {}, options ?? {})
  }

  async getOutput(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    const context = this.context(id)
    checkBuffer(buffer)
    return writeText(outputText(context.output, index) ?? (await pendingMetadata(context)), buffer)
  }

  computeSingle(id: ContextId, options: ComputeOptions = {}): Promise<void> {
    const context = this.context(id)
    return inTurn(context, async () => {
      context.single ??= await this.begin(context, options)
      await stepSingle(context, context.single, options)
    })
  }

  async getOutputSingle(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    const context = this.context(id)
    checkBuffer(buffer)
    return writeText(outputText(context.step, index) ?? (await pendingMetadata(context)), buffer)
  }

  async finiSingle(id: ContextId): Promise<void> {
    const context = this.context(id)
    await endSteps(context)
    await context.steps
  }

  async runInference(
    id: ContextId,
    index: number,
    tensor: Tensor,
    buffer: Uint8Array,
    runtimeOptions?: string,
    options?: ComputeOptions,
  ): Promise<number> {
    checkBuffer(buffer)
    if (runtimeOptions !== undefined) checkString('runtime options', runtimeOptions)
    const context = this.context(id)
    await endSteps(context)
    // From here to the turn's snapshot nothing is awaited: calls at the same time answer each their own question.
    this.accept(context, index, tensor)
    const callOptions = runtimeOptions === undefined ? {} : this.parseOptionsText(runtimeOptions, context)
    const {text} = await this.run(context, callOptions, options ?? {})
    return writeText(text, buffer)
  }

  async closeExecutionContext(id: ContextId): Promise<void> {
    const context = this.context(id)
    try {
      await endSingle(context)
    } finally {
      this.parts.sessions.touch(context.session)
      this.parts.contexts.close(context)
      if (context.session.temporary) this.parts.scheduler.forgetSession(context.session.id)
    }
  }

  async unload(id: GraphId): Promise<void> {
    this.checkAlive()
    const graph = this.parts.registry.get(id)
    for (const context of this.parts.contexts.list()) {
      if (context.graph === graph) this.parts.contexts.close(context, `is closed: graph ${id} was unloaded`)
    }
    this.parts.scheduler.closeLane(id)
    await this.parts.registry.unload(graph)
  }

  async embed(id: GraphId, texts: readonly string[], options: EmbedOptions = {}): Promise<Embeddings> {
    this.checkAlive()
    for (const text of texts) checkString('text', text)
    return embedTexts(this.parts.registry.get(id), texts, this.parts.scheduler, options)
  }

  /** What was said so far in a context's session, the oldest first. @throws `invalid_argument` for an unknown context. */
  history(id: ContextId): {role: 'user' | 'assistant'; content: string}[] {
    return this.context(id).session.messages.map(({role, content}) => ({role, content}))
  }

  async getBackendStatus(type: StatusType, buffer: Uint8Array): Promise<number> {
    checkBuffer(buffer)
    return writeText(JSON.stringify(await this.status(type)), buffer)
  }

  async status<T extends StatusType>(type: T): Promise<BackendStatus[T]> {
    this.checkAlive()
    checkOneOf('status type', type, statusTypes)
    return report(type, this.parts)
  }

  async deinit(): Promise<void> {
    this.checkAlive()
    this.released = true
    for (const context of this.parts.contexts.list())
      this.parts.contexts.close(context, 'is closed: the backend was released')
    try {
      await this.parts.registry.dispose()
    } finally {
      this.parts.sessions.clear()
      await this.parts.state?.close()
    }
    this.parts.journal.logger.log('info', 'MODEL', 'backend released')
    this.parts.journal.logger.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.released) await this.deinit()
  }

  private accept(context: ExecutionContext, index: number, tensor: Tensor): void {
    checkTensor(tensor)
    const text = readTextTensor(tensor)
    if (index !== 0 && index !== 1) {
      throw new NnError(
        'invalid_argument',
        `There is no input ${String(index)}: 0 is the prompt, 1 the runtime options.`,
      )
    }
    if (index === 1) context.options = this.parseOptionsText(text, context)
    else {
      context.input = text
      context.output = undefined
      context.step = undefined
    }
    this.parts.sessions.touch(context.session)
  }

  private async run(context: ExecutionContext, callOptions: RuntimeOptions, options: ComputeOptions): Promise<Output> {
    const asked = newTurn(context, callOptions)
    const {request} = asked.effective
    context.computing++
    try {
      return await this.parts.scheduler.submit({
        priority: request.priority,
        session: context.session.id,
        lane: context.graph.id,
        timeoutMs: request.timeout_ms,
        signal: anySignal(context.closing.signal, options.signal),
        run: async (signal, waitedMs) => {
          const turn = onCurrentModel(asked)
          const result = await generate(turn, signal, withStdout(options, request.stream_stdout))
          const output = {text: result.text, metadata: withWait(result.metadata, waitedMs)}
          context.output = output
          throwIfFull(result, turn)
          commit(turn, result)
          this.parts.keepHistory(context.session)
          this.parts.journal.answered(context, output.metadata, waitedMs, request.enable_log)
          void this.parts.caches.relieve()
          return output
        },
      })
    } catch (thrown) {
      const error =
        options.signal?.aborted === true && thrown === options.signal.reason ? abortedBefore(thrown) : thrown
      this.parts.journal.failed(context, error)
      throw error
    } finally {
      context.computing--
      this.parts.sessions.touch(context.session)
    }
  }

  /** While it waits for its turn, the context is as busy as one that computes. */
  private async begin(context: ExecutionContext, options: ComputeOptions): Promise<Single> {
    context.computing++
    try {
      return await beginSingle(context, this.parts, options)
    } finally {
      context.computing--
    }
  }

  private openContext(
    graphId: GraphId,
    sessionId: string | undefined,
    {temporary = false, counted = true}: ContextOptions = {},
  ): Promise<ContextId> {
    this.checkAlive()
    const graph = this.parts.registry.get(graphId)
    // Before a session is made, which could cost another one its place.
    if (counted) this.parts.contexts.checkRoom()
    const session = temporary ? temporarySession() : this.parts.sessions.open(sessionId)
    return Promise.resolve(this.parts.contexts.open(graph, session, counted).id)
  }

  /** The configuration of one graph over the backend's. */
  private graphConfig(text: string): ParsedConfig {
    const {cores} = this.options
    const parsed = parseConfig(text, {strict: this.strict, cores, base: this.config, scope: 'graph'})
    this.parts.journal.configWarnings(parsed.warnings)
    return parsed
  }

  /** A new graph may compute from now on. */
  private opened({id, model}: Graph): GraphId {
    this.parts.scheduler.openLane(id, model.parallelTasks)
    return id
  }

  private context(id: ContextId): ExecutionContext {
    this.checkAlive()
    return this.parts.contexts.get(id)
  }

  /** Broken options leave the configured values in force, as a broken configuration does. */
  private parseOptionsText(text: string, {graph}: ExecutionContext): RuntimeOptions {
    const {options, warnings} = parseRuntimeOptions(text, {strict: this.strict, config: graph.config})
    this.parts.journal.optionWarnings(warnings)
    return options
  }

  private get strict(): boolean {
    return this.options.strict === true || this.config.backend.strict_config
  }

  private checkAlive(): void {
    if (this.released) throw new NnError('invalid_argument', 'The backend was released (deinit_backend).')
  }
}

/** The caller's own signal ended the compute while it waited; there is no text to keep. */
function abortedBefore(reason: unknown): NnError {
  return new NnError('runtime_error', 'The compute was aborted before it began.', {cause: reason})
}

/** With the log in that folder; what no folder is needed for stays as it was written. */
function inFolder(config: Config, folder: string | undefined): Config {
  const {logging} = config
  if (folder === undefined || logging.file === '') return config
  return {...config, logging: {...logging, file: path.resolve(folder, logging.file)}}
}
