import {createRequire} from 'node:module'
import {compete} from './compete.js'
import {batchSize, contextSize, type Competitor, type Job} from './job.js'

/** The part of `@fugood/llama.node` in use. Its own types are sources, which fail our strict compiler settings. */
interface LlamaNode {
  loadModel: (options: Record<string, unknown>) => Promise<{
    parallel: {
      enable: (options: {n_parallel: number; n_batch: number}) => Promise<boolean>
      completion: (
        options: Record<string, unknown>,
        onToken: () => void,
      ) => Promise<{promise: Promise<{tokens_predicted: number}>}>
    }
  }>
}

/** Another binding. Its slots and batches are native code, and it streams text. */
async function load(job: Job): Promise<Competitor> {
  const {loadModel} = createRequire(import.meta.url)('@fugood/llama.node') as LlamaNode
  const {parallel} = await loadModel({
    ...{model: job.model, n_gpu_layers: 0, use_mmap: true, n_threads: job.threads, flash_attn_type: 'auto'},
    ...{n_ctx: contextSize(job) * job.sequences, n_parallel: job.sequences, kv_unified: false},
    ...{n_batch: batchSize, n_ubatch: batchSize},
  })
  await parallel.enable({n_parallel: job.sequences, n_batch: batchSize})

  const one = async (prompt: string): Promise<number> => {
    // Temperature 0 alone is not greedy here, and `ignore_eos` has no effect in parallel mode.
    const options = {prompt, n_predict: job.generateTokens, temperature: 0, top_k: 1, seed: 1, ignore_eos: true}
    const {promise} = await parallel.completion(options, () => undefined)
    return (await promise).tokens_predicted
  }
  const generate = async (prompts: readonly string[]): Promise<number> => {
    const counts = await Promise.all(prompts.map(one))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  return {pid: process.pid, generate}
}

compete(load)
