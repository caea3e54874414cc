import {realClock, type Clock} from '../../system/clock.js'
import {withApiDefaults, type Config, type ConfigWarning, type ParsedConfig} from '../../config/index.js'
import type {RequestDefaults} from '../contract/core.js'
import {EngineProcess, type CrashErrors, type EngineDeath} from '../engine/host/engine-process.js'
import type {HeartbeatLimits} from '../engine/host/heartbeat.js'
import type {EngineInfo, EngineOptions, StateEvent} from '../engine/protocol.js'
import {NnError, toNnError} from '../../errors.js'
import type {Logger} from '../logging/logger.js'
import {CacheDescriptions} from './cache-descriptions.js'
import {CrashPolicy} from './crash-policy.js'
import {Culprits} from './culprits.js'
import type {GgufHeader} from '../gguf/header.js'
import {changedError, diedTooOften} from './model-fault.js'
import type {FileChange, ModelFiles} from './model-files.js'

export interface ModelParts {
  files: ModelFiles
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

/** How long after a start that failed the next one is tried, in milliseconds. */
const retryEveryMs = 10_000
/** A file system that does not answer for this time is not waited for, in milliseconds. */
const longestLookMs = 500

/** A model with its settings and its engine process, which is restarted after a crash. */
export class LoadedModel {
  private process: Promise<EngineProcess> | undefined
  private current: EngineProcess | undefined
  private readonly droppedCaches: string[] = []
  private readonly uses = new Set<Promise<unknown>>()
  private cancelling = new AbortController()
  private readonly unloading = new AbortController()
  private readonly crashes: CrashPolicy
  private readonly culprits: Culprits
  /** Why its files cannot be used, if they cannot. */
  private fileFault: NnError | undefined
  /** Why the last start failed. */
  private startFault: NnError | undefined
  private hasStarted = false
  private cancelRetry: () => void = () => undefined
  private suspended = false
  private readonly clock: Clock
  private readonly describing: CacheDescriptions
  private apiConfig: Config | undefined
  lastCrash: string | undefined

  constructor(readonly parts: ModelParts) {
    this.clock = parts.clock ?? realClock
    this.crashes = new CrashPolicy(this.clock)
    this.culprits = new Culprits(this.clock)
    this.describing = new CacheDescriptions(parts.engineOptions.store?.durable === true, parts.logger)
  }

  /** Identifies the contents of its files: the same model can read the tokens that it generated earlier. */
  get content(): string {
    return this.parts.files.content
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
   * @throws `runtime_error` if it does not start, died too often, or its files are others by now.
   */
  engine(options: StartOptions = {}): Promise<EngineProcess> {
    if (this.unloading.signal.aborted) return Promise.reject(this.unloading.signal.reason as Error)
    if (this.crashes.failed) return Promise.reject(diedTooOften(this.parts.name, this.lastCrash))
    if (this.suspended)
      return Promise.reject(
        new NnError('model_switching', `${this.parts.name} is being switched.`, {
          hint: 'Retry when the other model is loaded.',
        }),
      )
    this.process ??= this.start(options).then(
      (engine) => {
        this.startFault = undefined
        return engine
      },
      (error: unknown) => {
        this.process = undefined
        this.startFault = toNnError(error)
        throw error
      },
    )
    return this.process
  }

  /**
   * Runs `work` with the engine, which is not unloaded during that time. The signal for `work` is also aborted when the
   * model's tasks are cancelled.
   * @throws `model_changed` if the engine mapped a file that was overwritten in the meantime
   */
  async use<T>(signal: AbortSignal, work: (engine: EngineProcess, signal: AbortSignal) => Promise<T>): Promise<T> {
    const either = AbortSignal.any([signal, this.cancelling.signal])
    return this.hold(async () => {
      const engine = await this.engine()
      const result = await settled(work(engine, either))
      // Whatever came out: neither an answer nor an error is that of the model that was loaded.
      const fault = await this.checkWeights()
      if (fault !== undefined) throw fault
      return result()
    })
  }

  /** A second attempt after this error, when an engine has died. */
  retry<T>(error: Error, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return this.culprits.retry(error, signal, attempt)
  }

  /** How the files differ from what was loaded; a running engine need not care. */
  async look(): Promise<FileChange | undefined> {
    const change = await Promise.race([this.parts.files.change(), this.after(longestLookMs)])
    if (change !== undefined) await this.checkWeights(change)
    else if (this.fileFault !== undefined) {
      // The old file is back.
      this.fileFault = undefined
      if (this.process === undefined) this.restart()
    }
    return change
  }

  private after(ms: number): Promise<undefined> {
    return new Promise((resolve) => this.clock.after(ms, () => resolve(undefined), {unref: true}))
  }

  /** Mapped weights are those of the file as it is now: if it was overwritten, the engine is ended. @returns the reason */
  private async checkWeights(known?: FileChange): Promise<NnError | undefined> {
    const {use_mmap, use_mlock} = this.config.model
    if (!use_mmap && !use_mlock) return undefined
    const change = known ?? (await this.parts.files.change())
    if (change?.kind !== 'overwritten') return undefined
    const engine = this.current
    const fault = changedError(change)
    this.fileFault = fault
    if (engine === undefined) return fault
    this.process = undefined
    this.current = undefined
    this.parts.logger.log('error', 'MODEL', 'model file changed', this.reason(fault))
    await engine.stop(fault)
    return fault
  }

  private reason({message}: NnError): {model: string; reason: string} {
    return {model: this.parts.name, reason: message}
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
    await this.checkFiles(this.hasStarted)
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
        onCrash: (death) => this.crashed(death),
        reject: (fingerprint) => this.culprits.rejection(fingerprint),
      },
      {
        signal: signal === undefined ? this.unloading.signal : AbortSignal.any([signal, this.unloading.signal]),
        limits: this.parts.heartbeat,
      },
    )
    await this.checkFiles(false).catch(async (error: unknown) => {
      await engine.stop()
      throw error
    })
    this.current = engine
    this.hasStarted = true
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

  /** @throws `model_changed` if they are not what was loaded. @param whole whether to compare all of a touched file */
  private async checkFiles(whole: boolean): Promise<void> {
    const change = await this.parts.files.change({whole})
    this.fileFault = change && changedError(change)
    if (this.fileFault !== undefined) throw this.fileFault
  }

  private crashed(death: EngineDeath): CrashErrors {
    const {logger} = this.parts
    const {error} = death
    this.process = undefined
    this.current = undefined
    // When the file changed, no request is to blame, and the next start reports it.
    const blame = this.parts.files.isTouched() ? undefined : this.culprits.find(death)
    this.crashes.crashed(blame !== undefined)
    if (blame !== undefined) this.crashes.forgive(blame.deaths)
    this.lastCrash = error.message
    const {total} = this.crashes
    const by = blame === undefined ? {} : {request: blame.fingerprint.slice(0, 16)}
    logger.log('error', 'MODEL', 'engine died', {...this.reason(error), crashes: total, ...by})
    this.restart()
    return (fingerprint) => {
      if (fingerprint === undefined) return error
      return fingerprint === blame?.fingerprint ? this.culprits.blame(error.message) : this.culprits.suspect(error)
    }
  }

  /** Early, so that the next request need not wait; again after a while if that fails. */
  private restart(): void {
    const {logger, name} = this.parts
    if (this.unloading.signal.aborted || this.suspended) return
    if (this.crashes.failed) {
      logger.log('fatal', 'MODEL', 'model given up', this.reason(diedTooOften(name, this.lastCrash)))
      return
    }
    this.engine().catch((reason: unknown) => {
      if (this.unloading.signal.aborted) return
      logger.log('error', 'MODEL', 'engine did not start again', this.reason(toNnError(reason)))
      this.cancelRetry()
      this.cancelRetry = this.clock.after(retryEveryMs, () => this.restart(), {unref: true})
    })
  }

  private async backOff(): Promise<void> {
    const {delayMs} = this.crashes
    if (delayMs > 0) await new Promise<void>((resolve) => this.clock.after(delayMs, resolve))
    this.unloading.signal.throwIfAborted()
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
    return this.crashes.failed || this.fileFault !== undefined ? 'failed' : 'stopped'
  }

  /** Why it cannot answer, if it is `failed` or `stopped`. */
  get failure(): string | null {
    if (this.current !== undefined || this.process !== undefined) return null
    if (this.crashes.failed) return diedTooOften(this.parts.name, this.lastCrash).message
    return (this.fileFault ?? this.startFault)?.message ?? null
  }

  /** How often its engine died. */
  get crashCount(): number {
    return this.crashes.total
  }

  /** Deaths of its engines that a single request caused. */
  get blamedCrashes(): number {
    return this.culprits.blamed
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
    this.cancelRetry()
    await this.stop(keepCaches && this.parts.engineOptions.store !== null)
    this.parts.logger.log('info', 'MODEL', 'model unloaded', {model: this.parts.name})
  }
}

/** Waits for the end of the work. Gives what returns its result, or throws its error. */
async function settled<T>(work: Promise<T>): Promise<() => T> {
  try {
    const value = await work
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}
