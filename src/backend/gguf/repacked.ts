import {ggmlType, tensorBytes} from './tensor-types.js'
import type {GgufHeader} from './header.js'

/** Types whose matrices llama.cpp's CPU backend copies into another order (ggml-cpu/repack.cpp); old processors do fewer. */
const everywhere = ['q4_0', 'q4_k', 'q2_k', 'iq4_nl', 'mxfp4']
const repackedTypes: Readonly<Record<string, readonly string[]>> = {
  x64: everywhere,
  arm64: [...everywhere, 'q8_0', 'q5_k', 'q6_k'],
}
/** Matrices with another number of rows stay as they are. */
const rowsTogether = 8

/** Bytes of the matrices that are copied; not the embedding, whose rows are looked up and not multiplied. */
export function repackedBytes({tensors}: Pick<GgufHeader, 'tensors'>, arch: string): number {
  const types = (repackedTypes[arch] ?? []).map((name) => ggmlType(name)?.number)
  return tensors
    .filter(({name, dimensions: [, rows = 1], type}) => {
      return types.includes(type) && rows > 1 && rows % rowsTogether === 0 && !name.startsWith('token_embd')
    })
    .reduce(
      (sum, {dimensions, type}) =>
        sum +
        (tensorBytes(
          type,
          dimensions.reduce((a, b) => a * b, 1),
        ) ?? 0),
      0,
    )
}
