import os from 'node:os'
import {checkBuffer, checkBuilders, checkOneOf, checkString, checkTensor} from './arguments.js'
import {
  graphEncodings,
  executionTargets,
  type Backend,
  type ComputeOptions,
  type ContextId,
  type ExecutionTarget,
  type GraphEncoding,
  type GraphId,
  type LoadOptions,
  type Tensor,
} from './backend.js'
import {
  configFromObject,
  parseConfig,
  parseRuntimeOptions,
  type Config,
  type ConfigWarning,
  type ParsedConfig,
  type RuntimeOptions,
} from './config/index.js'
import {endSingle, beginSingle, stepSingle} from './contexts/single-step.js'
import {anySignal, outputText, unansweredMetadata, withStdout, withWait} from './contexts/output.js'
import {generate} from './contexts/generate.js'
import {commit, newTurn, promptOf, throwIfFull} from './contexts/turn.js'
import {ContextTable} from './contexts/context-table.js'
import type {ExecutionContext, Output} from './contexts/execution-context.js'
import {readTextTensor, readUtf8, writeText} from './contexts/tensor.js'
import {NnError} from './errors.js'
import type {InitOptions} from './init-options.js'
import {Journal} from './journal.js'
import {createLogger} from './logging/logger.js'
import type {Graph} from './models/graph.js'
import {Registry} from './models/registry.js'
import {report, type Reported} from './report.js'
import {Scheduler} from './scheduler/scheduler.js'
import {SessionStore} from './sessions/session-store.js'
import {StateDir} from './sessions/state-dir.js'
import {statusTypes, type BackendStatus, type StatusType} from './status.js'

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
  const state = stateDir === undefined ? undefined : await StateDir.open(stateDir)
  try {
    return new LocalBackend({...options, cores}, parsed.config, parsed.warnings, state)
  } catch (error) {
    await state?.close()
    throw error
  }
}

/** The lifecycle in this process: scheduling, sessions and models; the contract says what each call does. */
export class LocalBackend implements Backend {
  readonly journal: Journal
  private readonly registry: Registry
  private readonly contexts: ContextTable
  private readonly sessions: SessionStore
  readonly scheduler: Scheduler
  private readonly startedAt = performance.now()
  private released = false

  constructor(
    private readonly options: InitOptions & {cores: number},
    readonly config: Config,
    private readonly configWarnings: ConfigWarning[],
    /** Where histories are kept; the backend closes it. */
    readonly state?: StateDir,
  ) {
    const {models = {}, cores, logStream} = options
    const logger = createLogger(config.logging, logStream === undefined ? {} : {stream: logStream})
    this.journal = new Journal(logger)
    this.registry = new Registry({names: models, logger, cores})
    this.contexts = new ContextTable(config.backend)
    this.scheduler = new Scheduler(config.backend, (event) => this.journal.scheduled(event))
    this.sessions = new SessionStore(
      config.backend,
      (session) => this.contexts.list().some((context) => context.session === session && isBusy(context)),
      (session, reason) => {
        this.state?.remove(session.id)
        this.scheduler.forgetSession(session.id)
        for (const context of this.contexts.list()) {
          if (context.session === session)
            this.contexts.close(context, `has lost its session ${session.id} (${reason})`)
        }
        logger.log('info', 'SESSION', 'session removed', {session: session.id, reason})
      },
    )
    logger.log('info', 'MODEL', 'backend initialized', {config})
    this.journal.configWarnings(configWarnings)
    if (state === undefined) return
    state.logTo(logger)
    this.sessions.restore(state.restored(), state.names)
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
    return this.opened(await this.registry.loadBytes(bytes, encoding, target, {config, warnings}, options))
  }

  async loadByName(name: string, options?: LoadOptions): Promise<GraphId> {
    this.checkAlive()
    checkString('name', name)
    return this.opened(await this.registry.loadByName(name, {config: this.config, warnings: []}, options))
  }

  async loadByNameWithConfig(name: string, config: string, options?: LoadOptions): Promise<GraphId> {
    this.checkAlive()
    checkString('name', name)
    checkString('config', config)
    return this.opened(await this.registry.loadByName(name, this.graphConfig(config), options))
  }

  async initExecutionContext(graph: GraphId): Promise<ContextId> {
    return this.openContext(graph, undefined)
  }

  async initExecutionContextWithSessionId(graph: GraphId, sessionId: string): Promise<ContextId> {
    checkString('session id', sessionId)
    if (sessionId === '') throw new NnError('invalid_argument', 'The session id is empty.')
    return this.openContext(graph, sessionId)
  }

  async setInput(id: ContextId, index: number, tensor: Tensor): Promise<void> {
    const context = this.context(id)
    await endSingle(context)
    this.accept(context, index, tensor)
  }

  async compute(id: ContextId, options?: ComputeOptions): Promise<void> {
    const context = this.context(id)
    await endSingle(context)
    await this.run(context, {}, options ?? {})
  }

  async getOutput(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    const context = this.context(id)
    checkBuffer(buffer)
    return writeText(outputText(context.output, index) ?? (await this.pendingMetadata(context)), buffer)
  }

  computeSingle(id: ContextId, options: ComputeOptions = {}): Promise<void> {
    const context = this.context(id)
    // One step after the other: two at once would both begin, or wait for the same token.
    const step = context.steps.then(async () => {
      context.single ??= await beginSingle(context, this, options)
      await stepSingle(context, context.single, options)
    })
    context.steps = step.catch(() => undefined)
    return step
  }

  async getOutputSingle(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    const context = this.context(id)
    checkBuffer(buffer)
    return writeText(outputText(context.step, index) ?? (await this.pendingMetadata(context)), buffer)
  }

  async finiSingle(id: ContextId): Promise<void> {
    await endSingle(this.context(id))
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
    await endSingle(context)
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
      this.sessions.touch(context.session)
      this.contexts.close(context)
    }
  }

  async unload(id: GraphId): Promise<void> {
    this.checkAlive()
    const graph = this.registry.get(id)
    for (const context of this.contexts.list()) {
      if (context.graph === graph) this.contexts.close(context, `is closed: graph ${id} was unloaded`)
    }
    this.scheduler.closeLane(id)
    await this.registry.unload(graph)
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
    return report(type, this.reported())
  }

  async deinit(): Promise<void> {
    this.checkAlive()
    this.released = true
    for (const context of this.contexts.list()) this.contexts.close(context, 'is closed: the backend was released')
    try {
      await this.registry.dispose()
    } finally {
      this.sessions.clear()
      await this.state?.close()
    }
    this.journal.logger.log('info', 'MODEL', 'backend released')
    this.journal.logger.close()
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
    this.sessions.touch(context.session)
  }

  private async run(context: ExecutionContext, callOptions: RuntimeOptions, options: ComputeOptions): Promise<Output> {
    const turn = newTurn(context, callOptions)
    const {request} = turn.effective
    context.computing++
    try {
      return await this.scheduler.submit({
        priority: request.priority,
        session: context.session.id,
        lane: context.graph.id,
        timeoutMs: request.timeout_ms,
        signal: anySignal(context.closing.signal, options.signal),
        run: async (signal, waitedMs) => {
          const result = await generate(turn, signal, withStdout(options, request.stream_stdout))
          const output = {text: result.text, metadata: withWait(result.metadata, waitedMs)}
          context.output = output
          throwIfFull(result, turn)
          commit(turn, result)
          this.state?.save(context.session.id, context.session.messages)
          this.journal.answered(context, output.metadata, waitedMs, request.enable_log)
          return output
        },
      })
    } catch (thrown) {
      const error =
        options.signal?.aborted === true && thrown === options.signal.reason ? abortedBefore(thrown) : thrown
      this.journal.failed(context, error)
      throw error
    } finally {
      context.computing--
      this.sessions.touch(context.session)
    }
  }

  private openContext(graphId: GraphId, sessionId: string | undefined): Promise<ContextId> {
    this.checkAlive()
    const graph = this.registry.get(graphId)
    this.contexts.checkRoom()
    return Promise.resolve(this.contexts.open(graph, this.sessions.open(sessionId)).id)
  }

  /** The configuration of one graph over the backend's. */
  private graphConfig(text: string): ParsedConfig {
    const {cores} = this.options
    const parsed = parseConfig(text, {strict: this.strict, cores, base: this.config, scope: 'graph'})
    this.journal.configWarnings(parsed.warnings)
    return parsed
  }

  /** A new graph may compute from now on. */
  private opened(graph: Graph): GraphId {
    const {performance} = graph.config
    this.scheduler.openLane(graph.id, performance.batch_processing ? graph.parts.engineOptions.slots : 1)
    return graph.id
  }

  private context(id: ContextId): ExecutionContext {
    this.checkAlive()
    return this.contexts.get(id)
  }

  /** Broken options leave the configured values in force, as a broken configuration does. */
  private parseOptionsText(text: string, {graph}: ExecutionContext): RuntimeOptions {
    const {options, warnings} = parseRuntimeOptions(text, {strict: this.strict, config: graph.config})
    this.journal.configWarnings(warnings)
    return options
  }

  /** Metadata before a compute: the prompt's length is known, guests print it there. */
  private async pendingMetadata(context: ExecutionContext): Promise<string> {
    if (context.input === undefined) return ''
    const engine = await context.graph.engine()
    const inputTokens = await engine.count(promptOf(newTurn(context)))
    return JSON.stringify(unansweredMetadata(inputTokens, engine.info))
  }

  private get strict(): boolean {
    return this.options.strict === true || this.config.backend.strict_config
  }

  private reported(): Reported {
    const {config, configWarnings, registry, contexts, sessions, scheduler, startedAt, journal, state} = this
    return {config, configWarnings, registry, contexts, sessions, scheduler, startedAt, totals: journal.totals, state}
  }

  private checkAlive(): void {
    if (this.released) throw new NnError('invalid_argument', 'The backend was released (deinit_backend).')
  }
}

/** The caller's own signal ended the compute while it waited; there is no text to keep. */
function abortedBefore(reason: unknown): NnError {
  return new NnError('runtime_error', 'The compute was aborted before it began.', {cause: reason})
}

function isBusy({computing, single}: ExecutionContext): boolean {
  return computing > 0 || single !== undefined
}
