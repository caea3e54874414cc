import {integerOf, invalid, type Checked} from './metadata.js'

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Architectures whose graph asserts that a head's keys are as long as its values (llama.cpp v0.5.0, src/models/*.cpp). */
const equalLengths = words(`
  afmoe apertus arcee arctic baichuan bailingmoe2 bert bitnet bloom chameleon chatglm codeshell cogvlm cohere2 cohere2moe
  command-r dbrx deci deepseek dots1 dream ernie4_5 ernie4_5-moe eurobert exaone falcon glm4 glm4moe gpt2 gptneox granite
  granite_swa granitehybrid graniteswitch grok grovemoe hunyuan-moe hunyuan_vl hy_v3 internlm2 jais jais2 laguna llada
  llada-moe llama llama4 maincoder mellum minimax-m2 minimax-m3 mistral3 modern-bert mpt muse-glimmer nanbeige nemotron
  nemotron_h nemotron_h_moe neo-bert olmo olmo2 olmoe openelm orion paddleocr pangu-embedded phi2 phi3 plamo pockettts qwen
  qwen2 qwen2moe qwen2vl qwen3 qwen35 qwen35moe qwen3moe qwen3next qwen3vl qwen3vlmoe qwen4exp refact rnd1 seed_oss
  smallthinker smollm3 spark2_5 stablelm starcoder starcoder2 t5 xverse`)

/** Architectures whose graph asserts that the whole head is rotated. */
const wholeRotation = words(`
  apertus arcee arctic baichuan chameleon codeshell cogvlm cohere2moe dbrx deci deepseek dots1 dream ernie4_5 ernie4_5-moe
  exaone exaone-moe exaone4 falcon granite granite_swa graniteswitch grok grovemoe hunyuan-moe hunyuan_vl hy_v3 internlm2
  jais2 llada llada-moe llama llama4 maincoder mellum mistral3 olmo olmo2 olmoe orion paddleocr pangu-embedded plamo
  pockettts qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3vl qwen3vlmoe rnd1 seed_oss smallthinker smollm3 starcoder2 talkie
  xverse`)

/** Architectures that rotate a part of a head. llama.cpp computes without end if there is nothing to rotate. */
const partRotation = words(`
  bitnet chatglm cohere2 command-r glm4 glm4moe gptneox minimax-m2 openelm phi2 phi3 phimoe qwen stablelm`)

/** @throws `invalid_model` for heads that llama.cpp asserts not to be so when it builds its graph. */
export function checkHeads(checked: Checked): void {
  const {path, architecture, arrays} = checked
  const embedding = integerOf(checked, 'embedding_length')
  const heads = integerOf(checked, 'attention.head_count')
  // With one number per layer, only llama.cpp knows which layer has which.
  if (embedding === undefined || heads === undefined || arrays.has(`${architecture}.attention.head_count`)) return
  if (heads > embedding) {
    throw invalid(path, `${architecture}.attention.head_count is ${heads}, more than the embedding length ${embedding}`)
  }
  if (heads === 0) return
  checkLengths(checked, Math.floor(embedding / heads))
}

function checkLengths(checked: Checked, width: number): void {
  const {path, architecture} = checked
  const keys = integerOf(checked, 'attention.key_length') ?? width
  const values = integerOf(checked, 'attention.value_length') ?? width
  const rotated = integerOf(checked, 'rope.dimension_count') ?? keys
  const name = (key: string): string => `${architecture}.${key}`
  if (keys < 1) throw invalid(path, `${name('attention.key_length')} is ${keys}; it must be at least 1`)
  if (values < 1) throw invalid(path, `${name('attention.value_length')} is ${values}; it must be at least 1`)
  if (rotated > keys) {
    throw invalid(path, `${name('rope.dimension_count')} is ${rotated}, but the keys of a head have ${keys} dimensions`)
  }
  if (rotated % 2 !== 0 && integerOf(checked, 'rope.dimension_count') !== undefined) {
    throw invalid(path, `${name('rope.dimension_count')} is ${rotated}; it must be even`)
  }
  if (rotated < 1 && partRotation.has(architecture)) {
    throw invalid(path, `${name('rope.dimension_count')} is ${rotated}; it must be at least 2`)
  }
  // The layers of a sliding window have lengths of their own.
  if (hasWindowLengths(checked)) return
  if (equalLengths.has(architecture) && keys !== values) {
    throw invalid(path, `${name('attention.key_length')} is ${keys} and the values have ${values}; they must be equal`)
  }
  if (wholeRotation.has(architecture) && rotated !== values) {
    throw invalid(
      path,
      `${name('rope.dimension_count')} is ${rotated}, but ${architecture} rotates all ${values} of a head`,
    )
  }
}

function hasWindowLengths(checked: Checked): boolean {
  const names = ['attention.key_length_swa', 'attention.value_length_swa', 'rope.dimension_count_swa']
  return names.some((name) => integerOf(checked, name) !== undefined)
}
