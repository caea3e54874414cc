import {integerOf, invalid, type Checked} from './metadata.js'

/** `LLAMA_MAX_EXPERTS` */
const maxExperts = 1024

/** Architectures that read a single expert as a model without experts. */
const singleIsNone = ['hunyuan_vl', 'hunyuan-dense']

/** The numbers of experts as llama.cpp asserts them (`load_hparams` in src/llama-model.cpp). */
export function checkExperts(checked: Checked): void {
  const {path, architecture, arrays} = checked
  const count = integerOf(checked, 'expert_count') ?? 0
  if (count <= 1 && singleIsNone.includes(architecture)) return
  if (count > maxExperts || count < 0) {
    throw invalid(path, `${architecture}.expert_count is ${count}; 0 to ${maxExperts} are allowed`)
  }
  if (!arrays.has(`${architecture}.expert_used_count`)) checkUsed(checked, count)
  checkGroups(checked, count)
}

function checkUsed(checked: Checked, count: number): void {
  const {path, architecture} = checked
  const used = integerOf(checked, 'expert_used_count') ?? 0
  if (used > count) {
    throw invalid(path, `${architecture}.expert_used_count is ${used}, but there are ${count} experts`)
  }
  if (count > 0 && used < 1) {
    throw invalid(path, `${architecture}.expert_used_count is ${used}; of ${count} experts at least one must be used`)
  }
}

function checkGroups(checked: Checked, count: number): void {
  const {path, architecture} = checked
  const groups = integerOf(checked, 'expert_group_count') ?? 0
  const name = `${architecture}.expert_group_count`
  if (groups > 0 && groups >= count) throw invalid(path, `${name} is ${groups}, but there are ${count} experts`)
  if (groups <= 1) return
  if (count % groups !== 0) throw invalid(path, `${name} is ${groups}, which does not divide ${count} experts`)
  const used = integerOf(checked, 'expert_group_used_count') ?? 0
  if (used >= 1 && used < groups) return
  throw invalid(path, `${architecture}.expert_group_used_count is ${used}; 1 to ${groups - 1} are allowed`)
}
