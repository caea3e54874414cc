import os from 'node:os'
import type {DestinationStream} from 'pino'
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
import {parseConfig, parseRuntimeOptions, type Config, type ConfigWarning, type RuntimeOptions} from './config/index.js'
import {
  anySignal,
  effectiveOptions,
  generate,
  outputText,
  promptOf,
  remember,
  replaceHistory,
  throwIfFull,
  unansweredMetadata,
  withStdout,
  withWait,
} from './contexts/compute.js'
import {ContextTable} from './contexts/context-table.js'
import type {ExecutionContext} from './contexts/execution-context.js'
import {beginSingle, stepSingle} from './contexts/single-step.js'
import {readTextTensor, writeText} from './contexts/tensor.js'
import {NnError} from './errors.js'
import {Journal} from './journal.js'
import {createLogger} from './logging/logger.js'
import type {Graph} from './models/graph.js'
import {Registry} from './models/registry.js'
import {report, type Reported} from './report.js'
import {Scheduler} from './scheduler/scheduler.js'
import {SessionStore} from './sessions/session-store.js'
import {statusTypes, type BackendStatus, type StatusType} from './status.js'

export interface InitOptions {
  /** JSON or YAML text of the settings in docs/reference/config.md. Absent: defaults. */
  config?: string
  /** Named in configuration errors. */
  configFile?: string
  /** Makes a broken configuration an error instead of a warning and defaults. Defaults to `false`. */
  strict?: boolean
  /** Paths by name, for `loadByName`. */
  models?: Readonly<Record<string, string>>
  /** Where log lines go when no `logging.file` is configured. Defaults to nowhere. */
  logStream?: DestinationStream
  /** Defaults to the cores that this process may use. */
  cores?: number
}

/**
 * Initializes a backend in this process (`init_backend`, `init_backend_with_config`). Models run in processes of
 * their own, which end with `deinit`.
 *
 * @throws `invalid_argument` for a broken configuration when `strict` (or `strict_config` in it) says so.
 */
export async function initBackend(options: InitOptions = {}): Promise<LocalBackend> {
  const {config = '{}', configFile, strict = false, cores = os.availableParallelism()} = options
  const parsed = parseConfig(config, {strict, cores, ...(configFile !== undefined && {file: configFile})})
  return Promise.resolve(new LocalBackend({...options, cores}, parsed.config, parsed.warnings))
}

/** The lifecycle in this process: scheduling, sessions and models; the contract says what each call does. */
export class LocalBackend implements Backend {
  private readonly journal: Journal
  private readonly registry: Registry
  private readonly contexts: ContextTable
  private readonly sessions: SessionStore
  private readonly scheduler: Scheduler
  private readonly startedAt = performance.now()
  private released = false

  constructor(
    private readonly options: InitOptions & {cores: number},
    readonly config: Config,
    private readonly configWarnings: ConfigWarning[],
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
    return this.opened(await this.registry.loadBytes(builders, encoding, target, this.config, options))
  }

  async loadByName(name: string, options?: LoadOptions): Promise<GraphId> {
    this.checkAlive()
    checkString('name', name)
    return this.opened(await this.registry.loadByName(name, this.config, [], options))
  }

  async loadByNameWithConfig(name: string, config: string, options?: LoadOptions): Promise<GraphId> {
    this.checkAlive()
    checkString('name', name)
    checkString('config', config)
    const parsed = parseConfig(config, {
      strict: this.strict,
      cores: this.options.cores,
      base: this.config,
      scope: 'graph',
    })
    this.journal.configWarnings(parsed.warnings)
    return this.opened(await this.registry.loadByName(name, parsed.config, parsed.warnings, options))
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
    checkTensor(tensor)
    const text = readTextTensor(tensor)
    if (index !== 0 && index !== 1) {
      throw new NnError('invalid_argument', `There is no input ${index}: 0 is the prompt, 1 the runtime options.`)
    }
    await context.single?.finish()
    if (index === 1) context.options = this.parseOptionsText(text, context)
    else {
      context.input = text
      context.output = undefined
    }
    this.sessions.touch(context.session)
  }

  async compute(id: ContextId, options: ComputeOptions = {}): Promise<void> {
    const context = this.context(id)
    await context.single?.finish()
    await this.run(context, {}, options)
  }

  async getOutput(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    const context = this.context(id)
    checkBuffer(buffer)
    return writeText(outputText(context.output, index) ?? (await this.pendingMetadata(context)), buffer)
  }

  async computeSingle(id: ContextId): Promise<void> {
    const context = this.context(id)
    context.single ??= await beginSingle(context, this.scheduler)
    await stepSingle(context, context.single)
  }

  async getOutputSingle(id: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    const context = this.context(id)
    checkBuffer(buffer)
    const text = outputText(context.single?.last, index) ?? (await this.pendingMetadata(context))
    return writeText(text, buffer)
  }

  async finiSingle(id: ContextId): Promise<void> {
    await this.context(id).single?.finish()
  }

  async runInference(
    id: ContextId,
    index: number,
    tensor: Tensor,
    buffer: Uint8Array,
    runtimeOptions?: string,
    options: ComputeOptions = {},
  ): Promise<number> {
    await this.setInput(id, index, tensor)
    const context = this.context(id)
    const callOptions = runtimeOptions === undefined ? {} : this.parseOptionsText(runtimeOptions, context)
    await this.run(context, callOptions, options)
    return this.getOutput(id, 0, buffer)
  }

  async closeExecutionContext(id: ContextId): Promise<void> {
    const context = this.context(id)
    await context.single?.finish()
    this.sessions.touch(context.session)
    this.contexts.close(context)
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
    await this.registry.dispose()
    this.sessions.clear()
    this.journal.logger.log('info', 'MODEL', 'backend released')
    this.journal.logger.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.released) await this.deinit()
  }

  private async run(context: ExecutionContext, callOptions: RuntimeOptions, options: ComputeOptions): Promise<void> {
    const effective = effectiveOptions(context, callOptions)
    const {request} = effective
    promptOf(context, effective)
    context.computing++
    try {
      await this.scheduler.submit({
        priority: request.priority,
        session: context.session.id,
        lane: context.graph.id,
        timeoutMs: request.timeout_ms,
        signal: anySignal(context.closing.signal, options.signal),
        run: async (signal, waitedMs) => {
          replaceHistory(context, effective)
          const result = await generate(context, effective, signal, withStdout(options, request.stream_stdout))
          const metadata = withWait(result.metadata, waitedMs)
          context.output = {text: result.text, metadata}
          context.session.cachedTokens = metadata.cached_tokens
          context.session.cacheSource = result.cacheSource
          if (request.prompt_mode === 'chat') remember(context, result)
          this.journal.answered(context, metadata, waitedMs, request.enable_log)
          throwIfFull(result, context.graph.config.model.ctx_size)
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

  /** A new graph may compute from now on. */
  private opened(graph: Graph): GraphId {
    this.scheduler.openLane(graph.id, graph.parts.engineOptions.slots)
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
    const inputTokens = await engine.count(promptOf(context, effectiveOptions(context)))
    return JSON.stringify(unansweredMetadata(inputTokens, engine.info))
  }

  private get strict(): boolean {
    return this.options.strict === true || this.config.backend.strict_config
  }

  private reported(): Reported {
    const {config, configWarnings, registry, contexts, sessions, scheduler, startedAt, journal} = this
    return {config, configWarnings, registry, contexts, sessions, scheduler, startedAt, totals: journal.totals}
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
