import type {Config} from '../../../config/index.js'

/** Types for which llama.cpp's CUDA build has flash-attention kernels, for keys and values alike (ggml-cuda/fattn.cu). */
const typesWithKernel: readonly string[] = ['f16', 'bf16', 'q8_0', 'q4_0']

/** Warning for a KV cache on a CUDA GPU without a flash-attention kernel; `undefined` if there is a kernel. */
export function missingKernel(
  gpu: string | false | undefined,
  gpuLayers: number,
  {cache_type_k: keys, cache_type_v: values, flash_attention: flash}: Config['model'],
): string | undefined {
  // Other GPUs have other kernels, and without flash attention none is needed.
  if (gpu !== 'cuda' || gpuLayers === 0 || flash === false) return undefined
  if (keys === values && typesWithKernel.includes(keys)) return undefined
  const pairs = typesWithKernel.map((type) => `${type}/${type}`).join(', ')
  return `The GPU has no flash-attention kernel for cache_type_k ${keys} with cache_type_v ${values}. Attention runs on the CPU or without flash attention, which is slower. Pairs with a kernel: ${pairs}.`
}
