import {ggmlType} from '../../src/backend/gguf/tensor-types.js'

/** Everything that decides a model's size and speed. All shapes have the architecture qwen2. */
export interface Shape {
  layers: number
  width: number
  feedForward: number
  heads: number
  kvHeads: number
  vocabulary: number
  contextLength: number
  /** Whether the output layer reuses the embedding, as in small models. */
  tiedOutput: boolean
  quantization: 'q8_0' | 'q4_0'
}

/**
 * `bench` is small enough to be fast on one core, and large enough that the arithmetic outweighs the rest.
 * `wide-vocabulary` is small for its vocabulary, so that sampling outweighs the rest. The named models have the sizes
 * of the originals. Phi-3-mini is a qwen2 too here, so it has biases that the original lacks.
 */
export const shapes = {
  tiny: {
    ...{layers: 2, width: 64, feedForward: 192, heads: 4, kvHeads: 2, vocabulary: 1024},
    ...{contextLength: 4096, tiedOutput: true, quantization: 'q8_0'},
  },
  bench: {
    ...{layers: 12, width: 768, feedForward: 2560, heads: 12, kvHeads: 4, vocabulary: 32_000},
    ...{contextLength: 32_768, tiedOutput: true, quantization: 'q8_0'},
  },
  'wide-vocabulary': {
    ...{layers: 2, width: 256, feedForward: 768, heads: 4, kvHeads: 2, vocabulary: 151_936},
    ...{contextLength: 4096, tiedOutput: true, quantization: 'q8_0'},
  },
  'qwen2.5-0.5b': {
    ...{layers: 24, width: 896, feedForward: 4864, heads: 14, kvHeads: 2, vocabulary: 151_936},
    ...{contextLength: 32_768, tiedOutput: true, quantization: 'q8_0'},
  },
  'phi-3-mini': {
    ...{layers: 32, width: 3072, feedForward: 8192, heads: 32, kvHeads: 32, vocabulary: 32_064},
    ...{contextLength: 4096, tiedOutput: false, quantization: 'q4_0'},
  },
  'qwen2.5-14b': {
    ...{layers: 48, width: 5120, feedForward: 13_824, heads: 40, kvHeads: 8, vocabulary: 152_064},
    ...{contextLength: 32_768, tiedOutput: false, quantization: 'q4_0'},
  },
} as const satisfies Record<string, Shape>

export type ShapeName = keyof typeof shapes

export function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(shapes, name)
}

export interface Tensor {
  name: string
  dimensions: number[]
  type: 'f32' | Shape['quantization']
  /** Standard deviation of the elements; 0 means all ones, as in norms. */
  deviation: number
}

/** The tensors in the order of the file. */
export function tensorsOf(shape: Shape): Tensor[] {
  const {width, feedForward, vocabulary, quantization} = shape
  const kvWidth = (width / shape.heads) * shape.kvHeads
  const norm = (name: string): Tensor => ({name: `${name}.weight`, dimensions: [width], type: 'f32', deviation: 0})
  const bias = (name: string, size: number): Tensor => ({
    ...{name: `${name}.bias`, dimensions: [size], type: 'f32', deviation: 0.02},
  })
  // Inputs are normalized. With this deviation, outputs keep about the same size at any width.
  const matrix = (name: string, from: number, to: number, deviation = 1 / Math.sqrt(from)): Tensor => ({
    ...{name: `${name}.weight`, dimensions: [from, to], type: quantization, deviation},
  })
  return [
    matrix('token_embd', width, vocabulary, 0.02),
    norm('output_norm'),
    ...(shape.tiedOutput ? [] : [matrix('output', width, vocabulary)]),
    ...Array.from({length: shape.layers}, (_, layer) => [
      norm(`blk.${layer}.attn_norm`),
      norm(`blk.${layer}.ffn_norm`),
      matrix(`blk.${layer}.attn_output`, width, width),
      matrix(`blk.${layer}.ffn_down`, feedForward, width),
      matrix(`blk.${layer}.attn_q`, width, width),
      bias(`blk.${layer}.attn_q`, width),
      matrix(`blk.${layer}.attn_k`, width, kvWidth),
      bias(`blk.${layer}.attn_k`, kvWidth),
      matrix(`blk.${layer}.attn_v`, width, kvWidth),
      bias(`blk.${layer}.attn_v`, kvWidth),
      matrix(`blk.${layer}.ffn_gate`, width, feedForward),
      matrix(`blk.${layer}.ffn_up`, width, feedForward),
    ]).flat(),
  ]
}

export function elements({dimensions}: Tensor): number {
  return dimensions.reduce((product, size) => product * size, 1)
}

export function parameters(shape: Shape): number {
  return tensorsOf(shape).reduce((sum, tensor) => sum + elements(tensor), 0)
}

/** GGML's number and block sizes of a tensor's type. */
export function typeOf({type}: Tensor): {number: number; blockSize: number; blockBytes: number} {
  const found = ggmlType(type)
  if (found === undefined) throw new Error(`GGML has no type ${type}`)
  return found
}
