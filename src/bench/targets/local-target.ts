import {initCore, type LocalCore} from '../../backend/index.js'
import type {GraphId} from '../../backend/contract/types.js'
import type {Subject} from '../result.js'
import {BackendTarget} from './backend-target.js'
import {describeGraph, statusOf} from './describe.js'
import {mayHaveGpu} from './may-have-gpu.js'

/** A model that wnn bench loads. */
export interface LocalModel {
  /** Title in the result. */
  name: string
  /** Path of a GGUF file. */
  file: string
  /** Its configuration, by own names in their sections. */
  given: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** Minimum context size in tokens. */
  contextTokens: number
  /** Streams at the same time. */
  slots: number
}

/** A model in a backend of this process, alone. */
export class LocalTarget extends BackendTarget {
  /** Loads the model. @throws errors of loading and of the configuration */
  static async open(
    model: LocalModel,
    {signal, onProgress}: {signal: AbortSignal; onProgress: (fraction: number) => void},
  ): Promise<LocalTarget> {
    const backend = await initCore({config: configFor(model), strict: true})
    try {
      const graph = await backend.load({name: model.file}, {signal, onProgress})
      const settings = flatten(model.given)
      const subject = await describeGraph(
        await statusOf(backend, graph),
        {name: model.name, kind: 'local', settings},
        signal,
      )
      return new LocalTarget(backend, graph, subject, model.file)
    } catch (error) {
      await backend.deinit()
      throw error
    }
  }

  private constructor(
    backend: LocalCore,
    graph: GraphId,
    subject: Subject,
    private readonly file: string,
  ) {
    super(backend, graph, subject)
  }

  async reload(signal: AbortSignal): Promise<number> {
    await this.backend.unload(this.graph)
    const from = this.now()
    this.graph = await this.backend.load({name: this.file}, {signal})
    return this.now() - from
  }

  async switchModel(signal: AbortSignal): Promise<{totalMs: number; downtimeMs: number}> {
    const from = this.now()
    const {downtime_ms: downtimeMs} = await this.backend.switchModel(this.graph, {name: this.file}, {signal})
    return {totalMs: this.now() - from, downtimeMs}
  }
}

/**
 * Defaults: room for the tests, and all layers on the GPU if there may be one. The given configuration overrides them.
 */
function configFor({given, contextTokens, slots}: LocalModel): object {
  return {
    ...given,
    backend: {max_sessions: 10_000, queue_size: 10_000, ...given['backend']},
    model: {ctx_size: contextTokens, parallel: slots, ...(mayHaveGpu() && {n_gpu_layers: 'max'}), ...given['model']},
  }
}

function flatten(given: LocalModel['given']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([section, keys]) =>
      Object.entries(keys).map(([key, value]) => [`${section}.${key}`, value]),
    ),
  )
}
