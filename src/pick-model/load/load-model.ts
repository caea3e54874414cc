import {existsSync} from 'node:fs'
import {ensureDaemon, stopDaemon} from '../../daemon/background.js'
import type {SwitchReport} from '../../backend/contract/switch.js'
import {RemoteCore} from '../../rpc/client/remote-core.js'
import type {GraphStatus, MemoryStatus} from '../../backend/contract/status.js'
import {NnError} from '../../errors.js'
import {TransientLine} from '../../terminal/transient-line.js'
import type {Output} from '../../terminal/style.js'
import {bytes, plural, table} from '../../terminal/units.js'
import {checkSettings, hasModel} from './already-loaded.js'

export interface LoadRequest {
  file: string
  name: string
  /** Its own configuration, by own names in their sections. */
  config: object
  socket: string
  /** Folder of the package, to start a daemon. */
  root: string
  progress: Output
  signal: AbortSignal
}

/** A model that the daemon has loaded. */
export interface LoadResult {
  graph: number
  name: string
  socket: string
  /** Whether there was no daemon before. */
  started: boolean
  /** Whether the daemon had it with these settings before, so that nothing was done. */
  already_loaded: boolean
  load_ms: number
  model: GraphStatus
  memory: MemoryStatus['graphs'][number]
  /** Report of the switch, if another model had the name. */
  switched?: SwitchReport
}

/**
 * Loads a model into the daemon; starts one if none runs. A daemon that was started for a failed load is stopped. A model
 * that is loaded with the same settings stays as it is.
 * @throws errors of loading; `name_taken` if it is loaded with other settings.
 */
export async function loadModel(request: LoadRequest): Promise<LoadResult> {
  const {file, socket, root, signal} = request
  if (!existsSync(file)) throw new NnError('model_not_found', `There is no model file ${file}.`)
  const started = await ensureDaemon({socket, root, signal})
  try {
    return {...(await loadInto(request)), socket, started}
  } catch (error) {
    if (started) await stopDaemon(socket, {now: true})
    throw error
  }
}

async function loadInto(request: LoadRequest): Promise<Omit<LoadResult, 'socket' | 'started'>> {
  const {file, name, config, socket, progress, signal} = request
  await using backend = await RemoteCore.connect(socket)
  const startedAt = performance.now()
  using line = new TransientLine(progress, `Loading ${name}…`)
  const options = {
    signal,
    onProgress: (fraction: number) => line.update(`Loading ${name}… ${Math.round(fraction * 100)} %`),
  }
  const graphs = await backend.graphs()
  const named = graphs.find((one) => one.name === name)
  const isLoaded = named !== undefined && (await hasModel(named, file))
  if (isLoaded) checkSettings(named, config, (await backend.status('model')).config)
  // If another model has the name, the new one replaces it.
  const switched =
    named === undefined || isLoaded ? undefined : await backend.switchModel(named.graph, {name: file, config}, options)
  const graph = named?.graph ?? (await backend.load({name: file}, {...options, name, config}))
  const loadMs = performance.now() - startedAt
  const [models, memory] = await Promise.all([backend.graphs(), backend.status('memory')])
  const model = models.find((one) => one.graph === graph)
  const used = memory.graphs.find((one) => one.graph === graph)
  if (model === undefined || used === undefined) throw new NnError('model_unloaded', `Graph ${graph} was unloaded.`)
  return {
    ...{graph, name: model.name, already_loaded: isLoaded, load_ms: loadMs, model, memory: used},
    ...(switched !== undefined && {switched}),
  }
}

/** Details for the user; the graph's id for scripts goes to standard output. */
export function renderLoaded({
  name,
  model,
  memory,
  load_ms: ms,
  switched,
  already_loaded: wasLoaded,
}: LoadResult): string {
  const rows = table([
    ...(switched === undefined ? [] : [['switched', `${switched.from} → ${switched.to}`]]),
    ['model', `${name} (${model.architecture}, ${plural(model.layers, 'layer')}, ${bytes(model.size_bytes)})`],
    ['layers on the GPU', `${model.gpu_layers} of ${model.layers}${model.gpu === null ? '' : ` (${model.gpu})`}`],
    ['memory', `${bytes(memory.model_bytes + memory.context_bytes)}${gpuPart(memory.gpu_bytes)}`],
    ['context', `${model.parallel} × ${model.ctx_size} tokens (the model was trained on ${model.train_ctx_size})`],
    ['threads', String(model.threads)],
    ...(wasLoaded ? [] : [['loaded in', `${Math.round(ms)} ms`]]),
  ])
  return [...(wasLoaded ? [`${name} was already loaded with these settings.`] : []), ...rows].join('\n')
}

function gpuPart(gpuBytes: number): string {
  return gpuBytes > 0 ? `, ${bytes(gpuBytes)} of it on the GPU` : ''
}
