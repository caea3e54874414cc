import {readUtf8} from '../../backend/contract/tensor.js'
import type {ExecutionTarget, GraphEncoding, GraphId} from '../../backend/contract/types.js'
import {NnError} from '../../errors.js'
import type {GraphPool} from './graph-pool.js'
import type {GuestGraph} from './guest-objects.js'
import {HandleTable} from './handles.js'
import type {NnBackend} from './nn-backend.js'
import {checkPaths, type PathResolver} from './host-paths.js'
import {checkValues, graphConfig, readOptions, type OptionValues} from './options.js'
import type {Preload} from './preloads.js'

export interface GraphSettings {
  /** The models that guests load by name. Defaults to none. */
  preloads?: ReadonlyMap<string, Preload>
  /** Settings of each graph that the guest does not set, by own names in their sections. Defaults to `guestDefaults`. */
  config?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Shares loaded models with other guests. Absent: each guest loads its own. */
  pool?: GraphPool
  /** The host path of a path in the guest. Absent: guests name no paths. */
  resolvePath?: PathResolver
  signal?: AbortSignal
}

/**
 * Guests build the whole prompt themselves, template included. As in llama.cpp, an answer has no limit but the context,
 * which is not shifted.
 */
const guestDefaults = {
  model: {prompt_mode: 'raw', n_predict: -1},
  memory: {context_shifting: false},
} as const

/** Graphs of one guest that may be loaded at the same time: each is a process. */
const mostGraphs = 32

/** What a model passed as bytes begins with if it is the path of one. */
const pathPrefix = 'preload:'

/** The graphs of one guest. */
export class GraphTable {
  private readonly graphs = new HandleTable<GuestGraph>()
  /** By name: loading a name twice gives the same graph, also while it is still being loaded. */
  private readonly byName = new Map<string, Promise<number>>()
  private loading = 0

  constructor(
    private readonly backend: NnBackend,
    private readonly settings: GraphSettings,
  ) {}

  /** @throws `invalid_argument` for a handle that the guest never got. */
  get(handle: number): GuestGraph {
    const graph = this.graphs.get(handle)
    if (graph !== undefined) return graph
    throw new NnError('graph_not_loaded', `There is no graph ${handle}: it was never loaded, or it was unloaded.`)
  }

  /** Builder 0 is the model, or `preload:` and its path; builder 1 the configuration. */
  async load(builders: readonly Uint8Array[], encoding: GraphEncoding, target: ExecutionTarget): Promise<number> {
    const [bytes = new Uint8Array(), config] = builders
    if (encoding !== 'ggml') {
      throw new NnError('invalid_encoding', `The encoding ${encoding} is not supported; use ggml or autodetect.`)
    }
    const options = this.readOptions(config === undefined ? undefined : readUtf8(config))
    const prefix = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, pathPrefix.length))
    if (prefix.toString('latin1') === pathPrefix) {
      const path = this.hostPath(readUtf8(bytes.subarray(pathPrefix.length)))
      return this.add({path}, options, target, (text) => this.loadPath(path, text))
    }
    return this.add({}, options, target, (text) =>
      this.backend.load([bytes, Buffer.from(text)], encoding, target, this.loadOptions()),
    )
  }

  async loadByName(name: string, config?: string): Promise<number> {
    const preload = this.settings.preloads?.get(name)
    if (preload === undefined) {
      const names = [...(this.settings.preloads?.keys() ?? [])]
      throw new NnError('not_found', `There is no preloaded model "${name}".`, {
        hint: names.length === 0 ? 'Pass --nn-preload NAME:GGML:AUTO:PATH.' : `Preloaded are: ${names.join(', ')}.`,
      })
    }
    const before = this.byName.get(name)
    if (before !== undefined) return before
    const loading = this.loadPreload(preload, config)
    this.byName.set(name, loading)
    try {
      return await loading
    } catch (error) {
      this.byName.delete(name)
      throw error
    }
  }

  /** Loads the model of a graph again with other options; its contexts stay open. */
  async reload(graph: GuestGraph, options: OptionValues): Promise<void> {
    if (graph.path === undefined) {
      throw new NnError('unsupported_operation', 'n-gpu-layers cannot change for a model that was passed as bytes.')
    }
    if (graph.pooled !== undefined) {
      throw new NnError('unsupported_operation', 'n-gpu-layers cannot change for a model that guests share.')
    }
    await this.backend.switchGraph(graph.id, graph.path, this.configText(options), this.loadOptions())
    await this.measure(graph)
  }

  async unload(handle: number): Promise<void> {
    const graph = this.get(handle)
    this.graphs.remove(handle)
    if (graph.name !== undefined) this.byName.delete(graph.name)
    await this.release(graph)
  }

  async dispose(): Promise<void> {
    await Promise.allSettled(this.byName.values())
    for (const graph of this.graphs.list()) await this.release(graph)
  }

  /** The options in a configuration. @throws as `readOptions`, and for paths and features that are not allowed. */
  readOptions(text: string | undefined): OptionValues {
    if (text === undefined) return {}
    const options = readOptions(text)
    checkPaths(options, this.settings.resolvePath)
    return options
  }

  private async loadPreload({name, encoding, target, path}: Preload, config: string | undefined): Promise<number> {
    if (encoding !== 'ggml' && encoding !== 'autodetect') {
      throw new NnError('invalid_encoding', `The encoding ${encoding} of "${name}" is not supported.`)
    }
    if (target === 'tpu') throw new NnError('unsupported_operation', `The target tpu of "${name}" is not supported.`)
    const options = this.readOptions(config)
    const on = target === 'gpu' ? 'gpu' : 'cpu'
    return this.add({name, path}, options, on, (text) => this.loadPath(path, text))
  }

  private async release({id, pooled}: GuestGraph): Promise<void> {
    if (pooled === undefined) await this.backend.unload(id)
    else await this.settings.pool?.release(pooled.path, pooled.config)
  }

  private loadPath(path: string, config: string): Promise<GraphId> {
    const {pool} = this.settings
    if (pool !== undefined) return pool.acquire(path, config)
    return this.backend.loadByNameWithConfig(path, config, this.loadOptions())
  }

  private async add(
    source: Pick<GuestGraph, 'name' | 'path'>,
    given: OptionValues,
    target: ExecutionTarget,
    load: (config: string) => Promise<GraphId>,
  ): Promise<number> {
    checkValues(given)
    if (this.graphs.size + this.loading >= mostGraphs) {
      throw new NnError('too_large', `The guest has ${mostGraphs} graphs, which is the limit.`)
    }
    const options = target === 'gpu' ? {'n-gpu-layers': -1, ...given} : given
    this.loading++
    try {
      const config = this.configText(options)
      const id = await load(config)
      const {path} = source
      const pooled = path === undefined || this.settings.pool === undefined ? {} : {pooled: {path, config}}
      const graph: GuestGraph = {...source, ...pooled, id, options, state: 'loaded', ctxSize: 0, batchSize: 0}
      await this.measure(graph)
      return this.graphs.add(graph)
    } finally {
      this.loading--
    }
  }

  private async measure(graph: GuestGraph): Promise<void> {
    const status = (await this.backend.core.graphs()).find((one) => one.graph === graph.id)
    if (status === undefined) throw new NnError('model_unloaded', 'The graph was unloaded while it was loaded.')
    graph.ctxSize = status.ctx_size
    graph.batchSize = status.batch_size
  }

  private configText(options: OptionValues): string {
    const config: Record<string, Record<string, unknown>> = {}
    for (const part of [guestDefaults, this.settings.config ?? {}, graphConfig(options)]) {
      for (const [section, keys] of Object.entries(part)) config[section] = {...config[section], ...keys}
    }
    return JSON.stringify(config)
  }

  private hostPath(path: string): string {
    const resolved = this.settings.resolvePath?.(path)
    if (resolved !== undefined) return resolved
    throw new NnError('security', `The guest may not load ${path}: it is in none of its folders.`, {
      hint: 'Give it the folder: --dir HOST::GUEST',
    })
  }

  private loadOptions(): {signal?: AbortSignal} {
    const {signal} = this.settings
    return signal === undefined ? {} : {signal}
  }
}
