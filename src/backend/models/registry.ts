import {randomUUID} from 'node:crypto'
import {mkdtemp, open, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type {ExecutionTarget, GraphEncoding, GraphId, LoadOptions} from '../backend.js'
import {defaultConfig, type Config, type ParsedConfig} from '../config/index.js'
import {NnError, toWire} from '../errors.js'
import type {Logger} from '../logging/logger.js'
import type {EngineLogLevel} from '../engine/protocol.js'
import type {StateSettings} from '../engine/saved-states.js'
import {residentBytes} from '../memory/resident.js'
import {readGgufHeader} from './gguf.js'
import {Graph, type GraphParts} from './graph.js'
import {automaticSlots, availableMemory, estimateMemory, findMisfit, residentEstimate} from './memory-estimate.js'

export interface RegistryOptions {
  /** Paths by name, for `load_by_name`. A name that is not here is taken as a path. */
  names: Readonly<Record<string, string>>
  logger: Logger
  /** Cores that this process may use. */
  cores: number
  onState?: GraphParts['onState']
  onEngineGone?: GraphParts['onEngineGone']
}

/** The loaded models. */
export class Registry {
  private readonly graphs = new Map<GraphId, Graph>()
  private nextId = 0
  private folder: Promise<string> | undefined
  private lastFile = 0
  /** Loads in flight, which end with the registry. */
  private readonly loading = new Set<Promise<unknown>>()
  private readonly closing = new AbortController()

  constructor(private readonly options: RegistryOptions) {}

  find(id: GraphId): Graph | undefined {
    return this.graphs.get(id)
  }

  /** @throws `invalid_argument` for a graph that is not loaded. */
  get(id: GraphId): Graph {
    const graph = this.find(id)
    if (graph === undefined)
      throw new NnError('invalid_argument', `There is no graph ${id}; it was not loaded or is unloaded.`)
    return graph
  }

  list(): Graph[] {
    return [...this.graphs.values()]
  }

  loadByName(name: string, parsed: ParsedConfig, options: LoadOptions = {}): Promise<Graph> {
    if (name === '') throw new NnError('invalid_argument', 'The model name is empty.')
    const {names} = this.options
    const file = Object.hasOwn(names, name) ? (names[name] ?? name) : name
    return this.track(this.load(options.name ?? name, path.resolve(file), parsed, options))
  }

  /** Loads bytes: llama.cpp reads files, so they are put into one that only the owner can read. */
  async loadBytes(
    bytes: Uint8Array | undefined,
    encoding: GraphEncoding,
    target: ExecutionTarget,
    {config, warnings}: ParsedConfig,
    options: LoadOptions = {},
  ): Promise<Graph> {
    checkEncodingAndTarget(encoding, target)
    if (bytes === undefined || bytes.length === 0) throw new NnError('invalid_argument', 'The graph has no bytes.')
    if (Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(4, bytes.length)).toString('latin1') !== 'GGUF') {
      throw new NnError('invalid_argument', `The ${bytes.length} bytes are not a GGUF model.`)
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
      const onIt = {config: onTarget(config, target), warnings}
      return await this.track(this.load(options.name ?? path.basename(file, '.gguf'), file, onIt, options))
    } catch (error) {
      await rm(file, {force: true})
      throw error
    }
  }

  private async load(
    name: string,
    modelPath: string,
    {config, warnings: configWarnings}: ParsedConfig,
    {signal, onProgress}: LoadOptions,
  ): Promise<Graph> {
    const header = await readGgufHeader(modelPath)
    const {model} = config
    const warnings: string[] = []
    // Who asks for more than there are wants as many as are good.
    const threads = model.threads > this.options.cores ? defaultConfig(this.options.cores).model.threads : model.threads
    if (threads < model.threads) {
      warnings.push(
        `model.threads is ${model.threads}; the process may use ${this.options.cores} cores, so ${threads} are used.`,
      )
    }
    if (header.chatTemplate === undefined) warnings.push('The file has no chat template; ChatML is used.')
    const estimate = estimateMemory(header, model)
    const available = await availableMemory(config.memory.max_memory_mb, this.estimatedBytes() + estimate.mapped)
    const slots =
      model.parallel === 'auto' ? automaticSlots(estimate, config.backend.max_concurrent, available) : model.parallel
    const misfit = findMisfit(modelPath, estimate, slots, available, model.ctx_size)
    // With layers on a GPU the file's size says little about this machine's memory: only the engine knows whether there is one.
    if (misfit !== undefined && model.n_gpu_layers === 0) throw misfit
    const graph = new Graph({
      ...{id: this.nextId++, name, header, config, configWarnings, warnings, logger: this.options.logger},
      onState: this.options.onState ?? (() => undefined),
      onEngineGone: this.options.onEngineGone ?? (() => undefined),
      engineOptions: {
        modelPath,
        header: {
          architecture: header.architecture,
          layers: header.layers,
          vocabularySize: header.vocabularySize,
          chatTemplate: header.chatTemplate,
        },
        model: {...model, threads},
        performance: config.performance,
        states: statesOf(config),
        partialCaches: config.memory.enable_partial_cache_deletion,
        modelSizeBytes: header.fileBytes,
        slots,
        estimatedBytes: residentEstimate(estimate, slots),
        misfit: misfit === undefined ? null : toWire(misfit),
        logLevel: this.engineLogLevel(),
      },
    })
    for (const warning of warnings) this.options.logger.log('warn', 'MODEL', warning, {model: name})
    const {signal: closing} = this.closing
    await graph.engine(onProgress, signal === undefined ? closing : AbortSignal.any([signal, closing]))
    this.graphs.set(graph.id, graph)
    return graph
  }

  private async track(load: Promise<Graph>): Promise<Graph> {
    this.loading.add(load)
    try {
      return await load
    } finally {
      this.loading.delete(load)
    }
  }

  /** What the loaded models were expected to take, in bytes. */
  private estimatedBytes(): number {
    return this.list().reduce((sum, {parts}) => sum + parts.engineOptions.estimatedBytes, 0)
  }

  /** Resident memory of this process and of all engines, in bytes. */
  async residentBytes(): Promise<number> {
    const pids = this.list().flatMap(({running}) => (running === undefined ? [] : [running.pid]))
    const engines = await Promise.all(pids.map(residentBytes))
    return engines.reduce((sum, bytes) => sum + bytes, process.memoryUsage.rss())
  }

  private engineLogLevel(): EngineLogLevel {
    const levels = ['debug', 'info', 'warn'] as const
    return levels.find((level) => this.options.logger.enabled(level)) ?? 'error'
  }

  async unload(graph: Graph): Promise<void> {
    this.graphs.delete(graph.id)
    await graph.unload()
    const folder = await this.folder
    const {modelPath} = graph.parts.engineOptions
    if (folder !== undefined && path.dirname(modelPath) === folder) await rm(modelPath, {force: true})
  }

  /** Ends everything, loads in flight included. */
  async dispose(): Promise<void> {
    this.closing.abort(new NnError('invalid_argument', 'The backend was released while the model was loading.'))
    await Promise.allSettled(this.loading)
    await Promise.all(this.list().map((graph) => this.unload(graph)))
    const folder = await this.folder
    this.folder = undefined
    if (folder !== undefined) await rm(folder, {recursive: true, force: true})
  }
}

/** The engine makes the folder when it has something to save; a name that nobody can guess is as good as a lock. */
function statesOf({memory}: Config): StateSettings | null {
  const {cache_prompt, max_cache_tokens: maxTokens, enable_partial_cache_deletion: partial} = memory
  if (!cache_prompt || maxTokens === 0) return null
  return {folder: path.join(os.tmpdir(), `wnn-caches-${process.pid}-${randomUUID()}`), maxTokens, partial}
}

function checkEncodingAndTarget(encoding: GraphEncoding, target: ExecutionTarget): void {
  if (encoding !== 'ggml' && encoding !== 'autodetect') {
    throw new NnError('invalid_encoding', `The encoding ${encoding} is not supported; use ggml or autodetect.`)
  }
  if (target === 'tpu') throw new NnError('unsupported_operation', 'The target tpu is not supported; use cpu or gpu.')
}

/** The target decides where the configuration does not: `gpu` alone means all layers. */
function onTarget(config: Config, target: ExecutionTarget): Config {
  const layers = target === 'gpu' && config.model.n_gpu_layers === 0 ? 'max' : config.model.n_gpu_layers
  return {...config, model: {...config.model, n_gpu_layers: layers}}
}
