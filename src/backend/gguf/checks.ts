import {NnError} from '../../errors.js'
import {tensorBytes, type GgufTensor} from './tensor-types.js'

type Metadata = ReadonlyMap<string, string | number | bigint | boolean>

/** llama.cpp asserts 1 to 512 (`LLAMA_MAX_LAYERS`). */
const maxLayers = 512
const maxWidth = 1 << 20

/** Sizes that llama.cpp asserts to be positive; a file that breaks one would abort the process. */
const sizes = ['embedding_length', 'feed_forward_length', 'attention.head_count', 'attention.head_count_kv']
const recurrent = /mamba|rwkv/
const epsilons = ['attention.layer_norm_rms_epsilon', 'attention.layer_norm_epsilon']

/** @throws `invalid_argument` for hyper-parameters that llama.cpp would abort on. */
export function checkArchitecture(
  path: string,
  metadata: Metadata,
  arrays: ReadonlySet<string>,
): {architecture: string; layers: number} {
  const architecture = metadata.get('general.architecture')
  if (typeof architecture !== 'string' || architecture === '') throw invalid(path, 'it names no architecture')
  if (architecture === 'clip') throw invalid(path, 'it is an image encoder (mmproj), not a language model')
  const layers = asInteger(metadata.get(`${architecture}.block_count`))
  if (layers === undefined || layers < 1 || layers > maxLayers) {
    throw invalid(
      path,
      `${architecture}.block_count is ${show(metadata, `${architecture}.block_count`)}; 1 to ${maxLayers} are allowed`,
    )
  }
  for (const name of sizes) {
    const key = `${architecture}.${name}`
    // Some architectures give one size per layer as an array, and some do without the key.
    if (!metadata.has(key) || arrays.has(key)) continue
    // State-space models have neither attention heads nor a feed-forward layer; both values are 0.
    if (name !== 'embedding_length' && recurrent.test(architecture) && Number(metadata.get(key)) === 0) continue
    const value = asInteger(metadata.get(key))
    if (value === undefined || value < 1 || value >= maxWidth) {
      throw invalid(path, `${key} is ${show(metadata, key)}; 1 to ${maxWidth - 1} are allowed`)
    }
  }
  checkHeads(path, architecture, metadata)
  for (const name of epsilons) {
    const key = `${architecture}.${name}`
    const value = metadata.get(key)
    if (value !== undefined && !(Number(value) > 0 && Number.isFinite(Number(value)))) {
      throw invalid(path, `${key} is ${show(metadata, key)}; it must be a number above 0`)
    }
  }
  return {architecture, layers}
}

function checkHeads(path: string, architecture: string, metadata: Metadata): void {
  const embedding = asInteger(metadata.get(`${architecture}.embedding_length`))
  const heads = asInteger(metadata.get(`${architecture}.attention.head_count`))
  if (embedding !== undefined && heads !== undefined && heads > embedding) {
    throw invalid(path, `${architecture}.attention.head_count is ${heads}, more than the embedding length ${embedding}`)
  }
}

/** @throws `invalid_argument` when a tensor's data would lie outside the file. */
export function checkTensors(file: {
  path: string
  fileBytes: number
  headerBytes: number
  metadata: Metadata
  tensors: readonly GgufTensor[]
}): void {
  const {path, fileBytes, headerBytes, metadata, tensors} = file
  const isSplit = Number(metadata.get('split.count') ?? 1) > 1
  if (tensors.length === 0 && !isSplit) throw invalid(path, 'it has no tensors')
  const alignment = asInteger(metadata.get('general.alignment')) ?? 32
  if (alignment < 1 || alignment > maxWidth) throw invalid(path, `general.alignment is ${alignment}`)
  const dataStart = Math.ceil(headerBytes / alignment) * alignment
  for (const {name, dimensions, type, offset} of tensors) {
    if (dimensions.some((size) => size < 1))
      throw invalid(path, `tensor ${name} has the dimensions ${dimensions.join(' x ')}`)
    const elements = dimensions.reduce((product, size) => product * size, 1)
    const bytes = tensorBytes(type, elements)
    const end = dataStart + offset + (bytes ?? 0)
    if (end > fileBytes) {
      throw new NnError(
        'invalid_model',
        `${path} is truncated: tensor ${name} ends at byte ${end}, but the file has ${fileBytes} bytes.`,
        {
          hint: 'The download may be incomplete. Download the file again.',
        },
      )
    }
  }
}

function asInteger(value: string | number | bigint | boolean | undefined): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

function show(metadata: Metadata, key: string): string {
  const value = metadata.get(key)
  return value === undefined ? 'missing' : JSON.stringify(typeof value === 'bigint' ? value.toString() : value)
}

/** A file that llama.cpp could not use. */
export function invalid(path: string, what: string, hint = damaged): NnError {
  return new NnError('invalid_model', `${path} cannot be loaded: ${what}.`, {hint})
}

const damaged = 'The file is damaged or not made for llama.cpp. Download it again, or choose another one.'
