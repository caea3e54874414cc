import {invalid} from './metadata.js'
import type {GgufTensor} from '../tensor-types.js'

/** Architectures for which llama.cpp does not require what it then reads from each layer (llama.cpp v0.5.0). */
const unchecked = ['phi3', 'pockettts']

/** @throws `invalid_model` for a layer without the tensors that llama.cpp would crash without. It requires the others itself. */
export function checkLayers(path: string, architecture: string, layers: number, tensors: readonly GgufTensor[]): void {
  if (!unchecked.includes(architecture)) return
  const names = new Set(tensors.map(({name}) => name))
  for (let layer = 0; layer < layers; layer++) {
    const has = (part: string): boolean => names.has(`blk.${layer}.attn_${part}.weight`)
    if (has('qkv') || (has('q') && has('k') && has('v'))) continue
    throw invalid(path, `layer ${layer} has no tensor blk.${layer}.attn_qkv.weight`)
  }
}
