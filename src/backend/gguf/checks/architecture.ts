import {checkExperts} from './experts.js'
import {checkHeads} from './heads.js'
import {asInteger, integerOf, invalid, show, type Checked, type Metadata} from './metadata.js'

/** llama.cpp asserts 1 to 512 (`LLAMA_MAX_LAYERS`). */
const maxLayers = 512
const maxWidth = 1 << 20
/** llama.cpp keeps it in a signed number. */
const maxContext = 2 ** 31 - 1

/** Sizes that llama.cpp asserts to be positive; a file that breaks one would abort the process. */
const sizes = ['embedding_length', 'feed_forward_length', 'attention.head_count', 'attention.head_count_kv']
const recurrent = /mamba|rwkv/
const epsilons = ['attention.layer_norm_rms_epsilon', 'attention.layer_norm_epsilon']
/** `llama_rope_scaling_type_from_string`; llama.cpp asserts that it knows the type. */
const scalingTypes = ['none', 'linear', 'yarn', 'longrope']

/** @throws `invalid_model` for hyper-parameters that llama.cpp would abort on, or compute nonsense with. */
export function checkArchitecture(
  path: string,
  metadata: Metadata,
  arrays: ReadonlySet<string>,
): {architecture: string; layers: number} {
  const architecture = metadata.get('general.architecture')
  if (typeof architecture !== 'string' || architecture === '') throw invalid(path, 'it names no architecture')
  if (architecture === 'clip') throw invalid(path, 'it is an image encoder (mmproj), not a language model')
  const checked: Checked = {path, architecture, metadata, arrays}
  const layers = checkLayers(checked)
  checkSizes(checked)
  checkHeads(checked)
  checkExperts(checked)
  checkContext(checked)
  checkNumbers(checked)
  return {architecture, layers}
}

function checkLayers(checked: Checked): number {
  const {path, architecture, metadata} = checked
  const layers = integerOf(checked, 'block_count')
  if (layers === undefined || layers < 1 || layers > maxLayers) {
    const key = `${architecture}.block_count`
    throw invalid(path, `${key} is ${show(metadata, key)}; 1 to ${maxLayers} are allowed`)
  }
  const predicting = integerOf(checked, 'nextn_predict_layers') ?? 0
  if (predicting > layers) {
    throw invalid(path, `${architecture}.nextn_predict_layers is ${predicting}, but there are ${layers} layers`)
  }
  return layers
}

function checkSizes({path, architecture, metadata, arrays}: Checked): void {
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
}

function checkContext(checked: Checked): void {
  const {path, architecture, metadata} = checked
  const context = integerOf(checked, 'context_length')
  if (context === undefined || (context >= 1 && context <= maxContext)) return
  const key = `${architecture}.context_length`
  throw invalid(path, `${key} is ${show(metadata, key)}; 1 to ${maxContext} are allowed`)
}

/** Numbers that llama.cpp computes with as they are: a single NaN makes every answer nonsense. */
function checkNumbers({path, architecture, metadata}: Checked): void {
  for (const name of epsilons) {
    const key = `${architecture}.${name}`
    const value = metadata.get(key)
    if (value !== undefined && !(Number(value) > 0 && Number.isFinite(Number(value)))) {
      throw invalid(path, `${key} is ${show(metadata, key)}; it must be a number above 0`)
    }
  }
  for (const [key, value] of metadata) {
    if (!key.startsWith(`${architecture}.`) || typeof value !== 'number' || Number.isFinite(value)) continue
    throw invalid(path, `${key} is ${value}; it must be a finite number`)
  }
  const base = metadata.get(`${architecture}.rope.freq_base`)
  if (typeof base === 'number' && base < 0) {
    throw invalid(path, `${architecture}.rope.freq_base is ${base}; it must not be negative`)
  }
  const type = metadata.get(`${architecture}.rope.scaling.type`)
  if (typeof type === 'string' && !scalingTypes.includes(type)) {
    const key = `${architecture}.rope.scaling.type`
    throw invalid(path, `${key} is ${show(metadata, key)}; llama.cpp knows ${scalingTypes.join(', ')}`)
  }
}
