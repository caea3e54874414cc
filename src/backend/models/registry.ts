import {mkdtemp, open, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type {ExecutionTarget, GraphEncoding, GraphId, LoadOptions} from '../backend.js'
import type {Config, ConfigWarning} from '../config/index.js'
import {NnError} from '../errors.js'
import type {Logger} from '../logging/logger.js'
import type {EngineLogLevel} from '../engine/protocol.js'
import {readGgufHeader} from './gguf.js'
import {Graph} from './graph.js'
import {automaticSlots, availableMemory, checkFits, estimateMemory} from './memory-estimate.js'

export interface RegistryOptions {
  /** Paths by name, for `load_by_name`. A name that is not here is taken as a path. */
  names: Readonly<Record<string, string>>
  logger: Logger
  /** Cores that this process may use. */
  cores: number
}

/** The loaded models. */
export class Registry {
  private readonly graphs = new Map<GraphId, Graph>()
  private nextId = 0
  private folder: Promise<string> | undefined

  constructor(private readonly options: RegistryOptions) {}

  /** @throws `invalid_argument` for a graph that is not loaded. */
  get(id: GraphId): Graph {
    const graph = this.graphs.get(id)
    if (graph === undefined)
      throw new NnError('invalid_argument', `There is no graph ${id}; it was not loaded or is unloaded.`)
    return graph
  }

  list(): Graph[] {
    return [...this.graphs.values()]
  }

  loadByName(name: string, config: Config, warnings: ConfigWarning[], options: LoadOptions = {}): Promise<Graph> {
    if (name === '') throw new NnError('invalid_argument', 'The model name is empty.')
    return this.load(name, path.resolve(this.options.names[name] ?? name), config, warnings, options)
  }

  /** Loads bytes: llama.cpp reads files, so they are put into one that only the owner can read. */
  async loadBytes(
    builders: readonly Uint8Array[],
    encoding: GraphEncoding,
    target: ExecutionTarget,
    config: Config,
    options: LoadOptions = {},
  ): Promise<Graph> {
    checkEncodingAndTarget(encoding, target)
    const bytes = builders[0]
    if (bytes === undefined || bytes.length === 0) throw new NnError('invalid_argument', 'The graph has no bytes.')
    if (Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(4, bytes.length)).toString('latin1') !== 'GGUF') {
      throw new NnError('invalid_argument', `The ${bytes.length} bytes are not a GGUF model.`)
    }
    this.folder ??= mkdtemp(path.join(os.tmpdir(), `wnn-models-${process.pid}-`))
    const file = path.join(await this.folder, `${this.nextId}-${Date.now()}.gguf`)
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
    } finally {
      await handle.close()
    }
    try {
      return await this.load(path.basename(file, '.gguf'), file, onTarget(config, target), [], options)
    } catch (error) {
      await rm(file, {force: true})
      throw error
    }
  }

  private async load(
    name: string,
    modelPath: string,
    config: Config,
    configWarnings: ConfigWarning[],
    {signal, onProgress}: LoadOptions,
  ): Promise<Graph> {
    const header = await readGgufHeader(modelPath)
    const {model} = config
    const warnings: string[] = []
    const threads = Math.min(model.threads, this.options.cores)
    if (threads < model.threads) {
      warnings.push(
        `model.threads is ${model.threads}; the process may use ${this.options.cores} cores, so ${threads} are used.`,
      )
    }
    if (header.chatTemplate === undefined) warnings.push('The file has no chat template; ChatML is used.')
    const estimate = estimateMemory(header, model)
    const available = await availableMemory(config.memory.max_memory_mb)
    const slots =
      model.parallel === 'auto' ? automaticSlots(estimate, config.backend.max_concurrent, available) : model.parallel
    // With layers on a GPU the file's size says little about this machine's memory; there llama.cpp itself decides.
    if (model.n_gpu_layers === 0) checkFits(modelPath, estimate, slots, available, model.ctx_size)
    const graph = new Graph({
      ...{id: this.nextId++, name, header, config, configWarnings, warnings, logger: this.options.logger},
      engineOptions: {
        modelPath,
        header: {
          architecture: header.architecture,
          layers: header.layers,
          vocabularySize: header.vocabularySize,
          chatTemplate: header.chatTemplate,
        },
        model: {...model, threads},
        modelSizeBytes: header.fileBytes,
        slots,
        logLevel: this.engineLogLevel(),
      },
    })
    for (const warning of warnings) this.options.logger.log('warn', 'MODEL', warning, {model: name})
    await graph.engine(onProgress, signal)
    this.graphs.set(graph.id, graph)
    return graph
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

  async dispose(): Promise<void> {
    await Promise.all(this.list().map((graph) => this.unload(graph)))
    const folder = await this.folder
    this.folder = undefined
    if (folder !== undefined) await rm(folder, {recursive: true, force: true})
  }
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
