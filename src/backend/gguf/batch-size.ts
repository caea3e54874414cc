import type {Config} from '../../config/index.js'

/** The value of `auto`: a GPU is faster with larger batches, which cost it a few hundred MiB; a CPU gains nothing. */
const automatic = {cpu: 512, gpu: 2048}

/** The tokens of one decode, with and without layers on a GPU. */
export function resolveBatchSize(configured: Config['model']['batch_size'], onGpu: boolean): number {
  if (configured !== 'auto') return configured
  return onGpu ? automatic.gpu : automatic.cpu
}

/** The maximum. Only the engine knows whether there is a GPU. */
export function largestBatchSize({batch_size, n_gpu_layers}: Config['model']): number {
  return resolveBatchSize(batch_size, n_gpu_layers !== 0)
}
