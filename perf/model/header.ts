import {elements, tensorsOf, typeOf, type Shape} from './shapes.js'
import {chatTemplate, makeTokenizer} from './tokenizer.js'

const alignment = 32

type Value = string | boolean | {u32: number} | {f32: number} | {strings: readonly string[]} | {i32s: readonly number[]}

/** `general.file_type` of llama.cpp (`llama_ftype`). */
const fileTypes = {q4_0: 2, q8_0: 7}

/** A GGUF file up to its tensor data, padding included. */
export function encodeHeader(shape: Shape): Buffer {
  const tensors = tensorsOf(shape)
  const entries = Object.entries(metadata(shape))
  const parts = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)]
  for (const [key, value] of entries) parts.push(string(key), encode(value))
  let offset = 0
  for (const tensor of tensors) {
    parts.push(string(tensor.name), u32(tensor.dimensions.length), ...tensor.dimensions.map(u64))
    const {number, blockSize, blockBytes} = typeOf(tensor)
    parts.push(u32(number), u64(offset))
    offset += padded((elements(tensor) / blockSize) * blockBytes)
  }
  const header = Buffer.concat(parts)
  return Buffer.concat([header], padded(header.length))
}

export function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}

function metadata(shape: Shape): Record<string, Value> {
  const {tokens, types, merges, bos, eos} = makeTokenizer(shape.vocabulary)
  return {
    'general.architecture': 'qwen2',
    'general.type': 'model',
    // Not the shape's name: llama.cpp treats the vocabulary of a model called Phi-3 differently.
    'general.name': `random weights, ${shape.layers} layers`,
    'general.file_type': {u32: fileTypes[shape.quantization]},
    'general.quantization_version': {u32: 2},
    'qwen2.context_length': {u32: shape.contextLength},
    'qwen2.embedding_length': {u32: shape.width},
    'qwen2.block_count': {u32: shape.layers},
    'qwen2.feed_forward_length': {u32: shape.feedForward},
    'qwen2.attention.head_count': {u32: shape.heads},
    'qwen2.attention.head_count_kv': {u32: shape.kvHeads},
    'qwen2.attention.layer_norm_rms_epsilon': {f32: 1e-6},
    'qwen2.rope.freq_base': {f32: 1e6},
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'qwen2',
    'tokenizer.ggml.tokens': {strings: tokens},
    'tokenizer.ggml.token_type': {i32s: types},
    'tokenizer.ggml.merges': {strings: merges},
    'tokenizer.ggml.bos_token_id': {u32: bos},
    'tokenizer.ggml.eos_token_id': {u32: eos},
    'tokenizer.ggml.padding_token_id': {u32: bos},
    'tokenizer.ggml.add_bos_token': false,
    'tokenizer.chat_template': chatTemplate,
  }
}

/** A value after the number of its type (format: ggml, docs/gguf.md). */
function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([u32(8), string(value)])
  if (typeof value === 'boolean') return Buffer.concat([u32(7), Buffer.of(value ? 1 : 0)])
  if ('u32' in value) return Buffer.concat([u32(4), u32(value.u32)])
  if ('f32' in value) return Buffer.concat([u32(6), Buffer.from(Float32Array.of(value.f32).buffer)])
  if ('i32s' in value) {
    return Buffer.concat([u32(9), u32(5), u64(value.i32s.length), Buffer.from(Int32Array.from(value.i32s).buffer)])
  }
  return Buffer.concat([u32(9), u32(8), u64(value.strings.length), ...value.strings.map(string)])
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([u64(bytes.length), bytes])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
