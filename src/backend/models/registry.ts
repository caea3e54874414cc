import {mkdtemp, open, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type {ExecutionTarget, GraphEncoding, GraphId, LoadOptions} from '../contract/types.js'
import type {Config, ParsedConfig} from '../../config/index.js'
import {NnError, toNnError} from '../../errors.js'
import type {Logger} from '../logging/logger.js'
import type {HeartbeatLimits} from '../engine/host/heartbeat.js'
import type {EngineLogLevel, StateEvent} from '../engine/protocol.js'
import {anonymousBytes, residentBytes} from '../memory/resident.js'
import {Graph} from './graph.js'
import type {CacheFolder} from '../memory/cache-folder.js'
import {LoadedModel} from './loaded-model.js'
import {prepareModel} from './prepare.js'
import {plural} from '../../terminal/units.js'

export interface RegistryOptions {
  /** Paths by name, for `load_by_name`. Any other name is a path. */
  names: Readonly<Record<string, string>>
  logger: Logger
  /** Cores that this process may use. */
  cores: number
  /** A session's cache was saved, or a saved cache was removed. */
  onState?: (model: LoadedModel, event: StateEvent) => void
  /** The folder for saved caches. */
  caches: CacheFolder
  /** When an engine counts as hung. Defaults to `heartbeatLimits`. */
  heartbeat?: HeartbeatLimits | undefined
}

/** The loaded models. */
export class Registry {
  private readonly graphs = new Map<GraphId, Graph>()
  /** Every model with an engine, including starting ones: during a switch more than there are graphs. */
  readonly models = new Set<LoadedModel>()
  private nextId = 0
  private folder: Promise<string> | undefined
  private lastFile = 0
  /** Loads in flight, which end with the registry. */
  private readonly loading = new Set<Promise<unknown>>()
  private readonly closing = new AbortController()

  constructor(private readonly options: RegistryOptions) {}

  /** @throws `invalid_argument` for a graph that is not loaded. */
  get(id: GraphId): Graph {
    const graph = this.graphs.get(id)
    if (graph === undefined)
      throw new NnError('graph_not_loaded', `There is no graph ${id}: it was never loaded, or it was unloaded.`)
    return graph
  }

  list(): Graph[] {
    return [...this.graphs.values()]
  }

  async loadByName(name: string, parsed: ParsedConfig, options: LoadOptions = {}): Promise<Graph> {
    return this.track(this.load(name, this.fileOf(name), parsed, options))
  }

  /** Loads bytes. llama.cpp reads only files, so they are written into one that only the owner can read. */
  async loadBytes(
    bytes: Uint8Array | undefined,
    encoding: GraphEncoding,
    target: ExecutionTarget,
    parsed: ParsedConfig,
    options: LoadOptions = {},
  ): Promise<Graph> {
    checkEncodingAndTarget(encoding, target)
    if (bytes === undefined || bytes.length === 0) throw new NnError('invalid_argument', 'The graph has no bytes.')
    if (Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(4, bytes.length)).toString('latin1') !== 'GGUF') {
      throw new NnError(
        'invalid_model',
        `The ${plural(bytes.length, 'byte')} ${bytes.length === 1 ? 'is' : 'are'} not a GGUF model.`,
      )
    }
    this.folder ??= mkdtemp(path.join(os.tmpdir(), `wnn-models-${process.pid}-`))
    const file = path.join(await this.folder, `graph-${++this.lastFile}.gguf`)
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
    } finally {
      await handle.close()
    }
    try {
      const onIt = {...parsed, config: onTarget(parsed.config, target)}
      return await this.track(this.load(path.basename(file, '.gguf'), file, onIt, options))
    } catch (error) {
      await rm(file, {force: true})
      throw error
    }
  }

  private async load(name: string, file: string, parsed: ParsedConfig, options: LoadOptions): Promise<Graph> {
    const model = await this.prepare(name, file, parsed)
    await this.start(model, options)
    const graph = new Graph(this.nextId++, options.name, model)
    this.graphs.set(graph.id, graph)
    return graph
  }

  /**
   * A model that is checked but not started.
   * @param instead a model that ends before this one starts
   */
  async prepare(
    name: string,
    file: string,
    {config, given, warnings: configWarnings}: ParsedConfig,
    instead?: LoadedModel,
  ): Promise<LoadedModel> {
    const {logger, cores, onState, caches, heartbeat} = this.options
    const freedBytes = instead?.running === undefined ? 0 : await anonymousBytes(instead.running.pid)
    const how = {cores, logLevel: this.engineLogLevel(), othersBytes: this.estimatedBytes(instead), freedBytes, caches}
    const prepared = await prepareModel(path.resolve(file), config, how)
    for (const warning of prepared.warnings) logger.log('warn', 'MODEL', warning, {model: name})
    const model: LoadedModel = new LoadedModel({
      ...{...prepared, name, given, configWarnings, logger, heartbeat},
      onState: (event) => onState?.(model, event),
    })
    return model
  }

  /** Starts a prepared model; it counts as loaded immediately. */
  async start(model: LoadedModel, {signal, onProgress}: LoadOptions = {}): Promise<void> {
    const {signal: closing} = this.closing
    this.models.add(model)
    try {
      await model.engine({onProgress, signal: signal === undefined ? closing : AbortSignal.any([signal, closing])})
    } catch (error) {
      await this.discard(model)
      throw error
    }
  }

  /** The path of a registered name; any other name is a path. */
  fileOf(name: string): string {
    if (name === '') throw new NnError('invalid_argument', 'The model name is empty.')
    const {names} = this.options
    return path.resolve(Object.hasOwn(names, name) ? (names[name] ?? name) : name)
  }

  /** Work that `dispose` waits for. */
  async track<T>(load: Promise<T>): Promise<T> {
    this.loading.add(load)
    try {
      return await load
    } finally {
      this.loading.delete(load)
    }
  }

  /** Expected memory of all loaded models except this one, in bytes. */
  private estimatedBytes(except?: LoadedModel): number {
    const others = [...this.models].filter((model) => model !== except)
    return others.reduce((sum, {parts}) => sum + parts.engineOptions.estimatedBytes, 0)
  }

  /** Resident memory of this process and of all engines, in bytes. */
  async residentBytes(): Promise<number> {
    const pids = [...this.models].flatMap(({running}) => (running === undefined ? [] : [running.pid]))
    const engines = await Promise.all(pids.map(residentBytes))
    return engines.reduce((sum, bytes) => sum + bytes, process.memoryUsage.rss())
  }

  private engineLogLevel(): EngineLogLevel {
    const levels = ['debug', 'info', 'warn'] as const
    return levels.find((level) => this.options.logger.enabled(level)) ?? 'error'
  }

  async unload(graph: Graph, keepCaches = true): Promise<void> {
    this.graphs.delete(graph.id)
    await this.discard(graph.model, keepCaches)
  }

  /** Ends a model that no graph uses. */
  async discard(model: LoadedModel, keepCaches = true): Promise<void> {
    await model.unload(keepCaches)
    this.models.delete(model)
    await this.shareCaches(model)
    const folder = await this.folder
    const {modelPath} = model.parts.engineOptions
    if (folder !== undefined && path.dirname(modelPath) === folder) await rm(modelPath, {force: true})
  }

  /** Running models with the same file and settings find what a model saved at its end, for example after a switch. */
  private async shareCaches({parts: {engineOptions, name: model}}: LoadedModel): Promise<void> {
    const folder = engineOptions.store?.folder
    if (folder === undefined || this.closing.signal.aborted) return
    const others = [...this.models].filter(({parts}) => parts.engineOptions.store?.folder === folder)
    const adopting = others.flatMap(({running}) => (running === undefined ? [] : [running.adopt()]))
    for (const {reason} of rejected(await Promise.allSettled(adopting))) {
      // It finds them at its next start.
      this.options.logger.log('warn', 'MEM', 'saved caches not shared', {model, reason: toNnError(reason).message})
    }
  }

  /** Ends everything, loads in flight included. */
  async dispose(): Promise<void> {
    this.closing.abort(new NnError('backend_released', 'The backend was released while the model was loading.'))
    await Promise.allSettled(this.loading)
    const {durable, folder: caches} = this.options.caches
    await Promise.all(this.list().map((graph) => this.unload(graph, durable)))
    await Promise.all([...this.models].map((model) => this.discard(model, durable)))
    if (!durable) await rm(caches, {recursive: true, force: true})
    const folder = await this.folder
    this.folder = undefined
    if (folder !== undefined) await rm(folder, {recursive: true, force: true})
  }
}

function rejected(results: readonly PromiseSettledResult<unknown>[]): PromiseRejectedResult[] {
  return results.filter((result) => result.status === 'rejected')
}

function checkEncodingAndTarget(encoding: GraphEncoding, target: ExecutionTarget): void {
  if (encoding !== 'ggml' && encoding !== 'autodetect') {
    throw new NnError('invalid_encoding', `The encoding ${encoding} is not supported; use ggml or autodetect.`)
  }
  if (target === 'tpu') throw new NnError('unsupported_operation', 'The target tpu is not supported; use cpu or gpu.')
}

/** The target decides if the configuration does not: `gpu` without a setting means all layers. */
function onTarget(config: Config, target: ExecutionTarget): Config {
  const layers = target === 'gpu' && config.model.n_gpu_layers === 0 ? 'max' : config.model.n_gpu_layers
  return {...config, model: {...config.model, n_gpu_layers: layers}}
}
