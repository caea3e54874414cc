import type {Config} from '../../config/index.js'

/** What `auto` means: a GPU is fed well by larger batches, which cost it a few hundred MiB; a CPU gains nothing by them. */
const automatic = {cpu: 512, gpu: 2048}

/** The tokens of one decode, where layers are on a GPU or not. */
export function resolveBatchSize(configured: Config['model']['batch_size'], onGpu: boolean): number {
  if (configured !== 'auto') return configured
  return onGpu ? automatic.gpu : automatic.cpu
}

/** The most that it can come to. Only the engine knows whether there is a GPU. */
export function largestBatchSize({batch_size, n_gpu_layers}: Config['model']): number {
  return resolveBatchSize(batch_size, n_gpu_layers !== 0)
}
