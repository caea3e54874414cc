/** Layers as llama.cpp counts them, which is what `n_gpu_layers` means: the output layer too. */
export function countedLayers({layers}: {layers: number}): number {
  return layers + 1
}
