import {realClock, type Clock} from '../../system/clock.js'
import {withApiDefaults, type Config, type ConfigWarning, type ParsedConfig} from '../../config/index.js'
import type {RequestDefaults} from '../contract/core.js'
import {EngineProcess} from '../engine/host/engine-process.js'
import type {HeartbeatLimits} from '../engine/host/heartbeat.js'
import {findKnownFailure} from '../contract/known-failures.js'
import type {EngineInfo, EngineOptions, StateEvent} from '../engine/protocol.js'
import {NnError, toNnError} from '../../errors.js'
import type {Logger} from '../logging/logger.js'
import {CacheDescriptions} from './cache-descriptions.js'
import {CrashPolicy, mostCrashes} from './crash-policy.js'
import type {GgufHeader} from '../gguf/header.js'

export interface ModelParts {
  /** Identifies the file: the same model can read the tokens that it generated earlier. */
  content: string
  name: string
  header: GgufHeader
  config: Config
  /** The keys that its configuration, or the backend's, gives. */
  given: ParsedConfig['given']
  configWarnings: readonly ConfigWarning[]
  warnings: string[]
  engineOptions: EngineOptions
  logger: Logger
  /** A session's cache was saved, or a saved cache was removed. */
  onState: (event: StateEvent) => void
  /** When its engine counts as hung. Defaults to `heartbeatLimits`. */
  heartbeat?: HeartbeatLimits | undefined
  clock?: Clock
}

export interface StartOptions {
  onProgress?: ((fraction: number) => void) | undefined
  signal?: AbortSignal | undefined
}

export type ModelState = 'ready' | 'starting' | 'stopped' | 'failed'

/** A model with its settings and its engine process, which is restarted after a crash. */
export class LoadedModel {
  private process: Promise<EngineProcess> | undefined
  private current: EngineProcess | undefined
  private readonly droppedCaches: string[] = []
  private readonly uses = new Set<Promise<unknown>>()
  private cancelling = new AbortController()
  private readonly unloading = new AbortController()
  private readonly crashes: CrashPolicy
  private suspended = false
  private readonly clock: Clock
  private readonly describing: CacheDescriptions
  private apiConfig: Config | undefined
  lastCrash: string | undefined

  constructor(readonly parts: ModelParts) {
    this.clock = parts.clock ?? realClock
    this.crashes = new CrashPolicy(this.clock)
    this.describing = new CacheDescriptions(parts.engineOptions.store?.durable === true, parts.logger)
  }

  get content(): string {
    return this.parts.content
  }

  get config(): Config {
    return this.parts.config
  }

  /** The configuration that a request overrides. */
  configFor(defaults: RequestDefaults): Config {
    return defaults === 'api' ? (this.apiConfig ??= withApiDefaults(this.parts.config, this.parts.given)) : this.config
  }

  /** Number of tasks that run at the same time. */
  get parallelTasks(): number {
    return this.config.performance.batch_processing ? this.parts.engineOptions.slots : 1
  }

  /**
   * The running engine; starts one if there is none.
   * @throws `runtime_error` if it does not start, or died too often.
   */
  engine(options: StartOptions = {}): Promise<EngineProcess> {
    if (this.unloading.signal.aborted) return Promise.reject(this.unloading.signal.reason as Error)
    if (this.crashes.failed) return Promise.reject(this.failure())
    if (this.suspended)
      return Promise.reject(
        new NnError('model_switching', `${this.parts.name} is being switched.`, {
          hint: 'Retry when the other model is loaded.',
        }),
      )
    this.process ??= this.start(options).catch((error: unknown) => {
      this.process = undefined
      throw error
    })
    return this.process
  }

  /**
   * Runs `work` with the engine, which is not unloaded during that time. The signal for `work` is also aborted when the
   * model's tasks are cancelled.
   */
  async use<T>(signal: AbortSignal, work: (engine: EngineProcess, signal: AbortSignal) => Promise<T>): Promise<T> {
    const either = AbortSignal.any([signal, this.cancelling.signal])
    return this.hold(() => this.engine().then((engine) => work(engine, either)))
  }

  /** Prevents unloading while `work` runs. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    const use = work()
    this.uses.add(use)
    try {
      return await use
    } finally {
      this.uses.delete(use)
    }
  }

  /** Resolves when nothing uses the engine. */
  async idle(): Promise<void> {
    while (this.uses.size > 0) await Promise.allSettled(this.uses)
  }

  /** Aborts everything that uses it now: each task fails with this error. */
  cancel(reason: NnError): void {
    this.cancelling.abort(reason)
    this.cancelling = new AbortController()
  }

  /**
   * Tells the engine that the files of a saved cache were removed; a starting engine gets the message when it is ready.
   */
  dropCache(id: string): void {
    if (this.current !== undefined) this.current.drop(id)
    else if (this.process !== undefined) this.droppedCaches.push(id)
  }

  private async start({onProgress, signal}: StartOptions): Promise<EngineProcess> {
    const {engineOptions, logger, name} = this.parts
    await this.backOff()
    const startedAt = performance.now()
    // Its caches are those that the previous one left.
    await this.describing.idle()
    const engine = await EngineProcess.start(
      engineOptions,
      {
        ...(onProgress && {onProgress}),
        onLog: (level, message) => logger.log(level, 'LLAMA', message),
        onState: (event) => {
          if (event.type === 'saved' && !event.isAdopted) this.describing.add(event)
          this.parts.onState(event)
        },
        onCrash: (error) => this.crashed(error),
      },
      {
        signal: signal === undefined ? this.unloading.signal : AbortSignal.any([signal, this.unloading.signal]),
        limits: this.parts.heartbeat,
      },
    )
    this.current = engine
    for (const id of this.droppedCaches.splice(0)) engine.drop(id)
    const {info} = engine
    for (const warning of info.warnings) logger.log('warn', 'MODEL', warning, {model: name})
    logger.log('info', 'MODEL', 'model loaded', {
      ...{model: name, path: engineOptions.modelPath, architecture: info.architecture, pid: info.pid},
      ...{ctx_size: info.contextSize, slots: info.slots, gpu_layers: `${info.gpuLayers}/${info.layers}`},
      load_ms: performance.now() - startedAt,
    })
    logger.log('info', 'MEM', 'model memory', {
      ...{model: name, model_bytes: info.modelBytes, context_bytes: info.contextBytes, gpu_bytes: info.gpuBytes},
    })
    return engine
  }

  private crashed(error: NnError): void {
    const {logger, name} = this.parts
    this.process = undefined
    this.current = undefined
    this.crashes.crashed()
    this.lastCrash = error.message
    const {total} = this.crashes
    logger.log('error', 'MODEL', 'engine died', {model: name, reason: error.message, crashes: total})
    if (this.unloading.signal.aborted || this.suspended) return
    if (this.crashes.failed) {
      logger.log('fatal', 'MODEL', 'model given up', {model: name, reason: this.failure().message})
      return
    }
    // Restart early, so that the next request need not wait. If this fails, the next start reports the reason.
    this.engine().catch((reason: unknown) => {
      logger.log('error', 'MODEL', 'engine did not start again', {model: name, reason: toNnError(reason).message})
    })
  }

  private async backOff(): Promise<void> {
    const {delayMs} = this.crashes
    if (delayMs > 0) await new Promise<void>((resolve) => this.clock.after(delayMs, resolve))
    this.unloading.signal.throwIfAborted()
  }

  private failure(): NnError {
    const {name} = this.parts
    const why = this.lastCrash ?? 'for an unknown reason'
    return new NnError(
      'engine_failed',
      `The engine of ${name} died ${mostCrashes} times within a minute, the last time because: ${why}`,
      {
        hint: findKnownFailure(why)?.hint ?? 'Unload the model, and load it again with other settings or another file.',
      },
    )
  }

  /** What the engine reported; `undefined` while none runs. */
  get info(): EngineInfo | undefined {
    return this.current?.info
  }

  get running(): EngineProcess | undefined {
    return this.current
  }

  get state(): ModelState {
    if (this.current !== undefined) return 'ready'
    if (this.process !== undefined) return 'starting'
    return this.crashes.failed ? 'failed' : 'stopped'
  }

  /** How often its engine died. */
  get crashCount(): number {
    return this.crashes.total
  }

  /** Milliseconds since the last crash; `undefined` if there was none. */
  get sinceCrashMs(): number | undefined {
    return this.crashes.sinceLastMs
  }

  /** Saves the engine's slots and ends it; its memory is free when this resolves. `engine` restarts it. */
  async stop(keepCaches = this.parts.engineOptions.store !== null): Promise<void> {
    const engine = await this.process?.catch(() => undefined)
    this.process = undefined
    this.current = undefined
    if (keepCaches) await engine?.saveCaches().catch((error: unknown) => this.notSaved(toNnError(error)))
    await engine?.stop()
    await this.describing.idle()
  }

  /** An engine that crashes or hangs here loses the caches of its slots; nothing else depends on them. */
  private notSaved({message: reason}: NnError): void {
    this.parts.logger.log('warn', 'MEM', 'caches of an ending engine were not saved', {model: this.parts.name, reason})
  }

  /** Ends the engine for another model, which may need its memory. Requests fail in the meantime. */
  suspend(): Promise<void> {
    this.suspended = true
    return this.stop()
  }

  /** Restarts the engine, because the other model could not be loaded. */
  resume(): Promise<EngineProcess> {
    this.suspended = false
    return this.engine()
  }

  /** @param keepCaches whether the caches of its slots may be needed again */
  async unload(keepCaches = true): Promise<void> {
    this.unloading.abort(new NnError('graph_not_loaded', `${this.parts.name} is unloaded.`))
    await this.stop(keepCaches && this.parts.engineOptions.store !== null)
    this.parts.logger.log('info', 'MODEL', 'model unloaded', {model: this.parts.name})
  }
}
