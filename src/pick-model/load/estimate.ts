import path from 'node:path'
import {configFromObject, type Config} from '../../config/index.js'
import {countedLayers} from '../../backend/index.js'
import {readGgufHeader} from '../../backend/index.js'
import {automaticSlots, availableMemory, estimateMemory, totalBytes} from '../../backend/index.js'
import {DaemonConnection} from '../../rpc/client/connection.js'
import {NnError} from '../../errors.js'
import type {BackendStatus} from '../../backend/contract/status.js'
import {bytes, table} from '../../terminal/units.js'

/** Estimated memory of a model, before anything is loaded. Sizes are in bytes. */
export interface LoadEstimate {
  model: string
  architecture: string
  /** The output layer included, as for `n_gpu_layers`. */
  layers: number
  ctx_size: number
  slots: number
  weights_bytes: number
  kv_cache_bytes: number
  compute_bytes: number
  process_bytes: number
  total_bytes: number
  available_bytes: number
  fits: boolean
}

/**
 * The given configuration overrides that of the running daemon, as for a load.
 *
 * @throws `model_not_found`, `invalid_argument` for a file that is not a model.
 */
export async function estimateLoad(file: string, given: object, socket: string): Promise<LoadEstimate> {
  const base = await daemonConfig(socket)
  const {config} = configFromObject(given, {strict: true, scope: 'graph', ...(base !== undefined && {base})})
  const header = await readGgufHeader(path.resolve(file))
  const estimate = estimateMemory(header, config.model)
  const available = await availableMemory(config.memory.max_memory_mb)
  const {parallel, ctx_size} = config.model
  const slots = parallel === 'auto' ? automaticSlots(estimate, config.backend.max_concurrent, available) : parallel
  const total = totalBytes(estimate, slots)
  return {
    model: header.path,
    ...{architecture: header.architecture, layers: countedLayers(header), ctx_size, slots},
    weights_bytes: estimate.weights,
    kv_cache_bytes: estimate.cachePerSlot * slots,
    compute_bytes: estimate.compute,
    process_bytes: estimate.process,
    total_bytes: total,
    available_bytes: available,
    fits: total <= available,
  }
}

/** `undefined` when there is no daemon: a load would start one with the defaults. */
async function daemonConfig(socket: string): Promise<Config | undefined> {
  const connection = new DaemonConnection(socket)
  try {
    const {model} = await connection.json<Pick<BackendStatus, 'model'>>('GET', '/status?types=model')
    return model.config
  } catch (error) {
    if (error instanceof NnError && error.reason === 'not_running') return undefined
    throw error
  } finally {
    connection.close()
  }
}

export function renderEstimate(estimate: LoadEstimate): string {
  const {slots, ctx_size: size, fits} = estimate
  return table([
    ['weights', bytes(estimate.weights_bytes)],
    ['KV cache', bytes(estimate.kv_cache_bytes), `${slots} × ${size} tokens`],
    ['compute', bytes(estimate.compute_bytes)],
    ['process', bytes(estimate.process_bytes)],
    ['together', bytes(estimate.total_bytes), `of ${bytes(estimate.available_bytes)} available`],
    ...(fits ? [] : [['', '', 'It does not fit. Lower model.ctx_size or model.parallel.']]),
  ]).join('\n')
}
