import {rm} from 'node:fs/promises'
import type {GraphId} from '../backend.js'
import type {Config, ConfigWarning} from '../config/index.js'
import {EngineProcess} from '../engine/engine-process.js'
import type {EngineInfo, EngineOptions, StateEvent} from '../engine/protocol.js'
import {NnError} from '../errors.js'
import type {Logger} from '../logging/logger.js'
import type {GgufHeader} from './gguf.js'

export interface GraphParts {
  id: GraphId
  name: string
  header: GgufHeader
  config: Config
  configWarnings: ConfigWarning[]
  warnings: string[]
  engineOptions: EngineOptions
  logger: Logger
  /** A session's cache was saved, or a saved one is gone. */
  onState: (graph: GraphId, event: StateEvent) => void
  /** The engine has died, and whatever it had cached with it. */
  onEngineGone: (graph: GraphId) => void
}

/** A loaded model. Its engine process is started again when it has died. */
export class Graph {
  readonly id: GraphId
  readonly name: string
  readonly config: Config
  private process: Promise<EngineProcess> | undefined
  private current: EngineProcess | undefined
  private unloaded = false

  constructor(readonly parts: GraphParts) {
    this.id = parts.id
    this.name = parts.name
    this.config = parts.config
  }

  /** The running engine, started first when there is none. @throws `runtime_error` when it does not start. */
  engine(onProgress?: (fraction: number) => void, signal?: AbortSignal): Promise<EngineProcess> {
    if (this.unloaded) return Promise.reject(new NnError('invalid_argument', `Graph ${this.id} is unloaded.`))
    this.process ??= this.start(onProgress, signal).catch((error: unknown) => {
      this.process = undefined
      throw error
    })
    return this.process
  }

  private async start(onProgress?: (fraction: number) => void, signal?: AbortSignal): Promise<EngineProcess> {
    const {engineOptions, logger, name} = this.parts
    const startedAt = performance.now()
    await this.removeStates()
    const engine = await EngineProcess.start(
      engineOptions,
      {
        ...(onProgress && {onProgress}),
        onLog: (level, message) => logger.log(level, 'LLAMA', message),
        onState: (event) => this.parts.onState(this.id, event),
        onCrash: (error) => {
          this.process = undefined
          this.current = undefined
          this.parts.onEngineGone(this.id)
          logger.log('error', 'MODEL', 'engine died', {model: name, reason: error.message})
        },
      },
      signal,
    )
    this.current = engine
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

  /** What the engine has reported; `undefined` while none runs. */
  get info(): EngineInfo | undefined {
    return this.current?.info
  }

  get running(): EngineProcess | undefined {
    return this.current
  }

  async unload(): Promise<void> {
    this.unloaded = true
    const engine = await this.process?.catch(() => undefined)
    this.current = undefined
    await engine?.stop()
    this.parts.onEngineGone(this.id)
    await this.removeStates()
    this.parts.logger.log('info', 'MODEL', 'model unloaded', {model: this.name})
  }

  /** What an engine that is gone has left behind. */
  private async removeStates(): Promise<void> {
    const {states} = this.parts.engineOptions
    if (states !== null) await rm(states.folder, {recursive: true, force: true})
  }
}
