import {getLlama} from 'node-llama-cpp'
import {compete} from './compete.js'
import {batchSize, contextSize, type Competitor, type Job} from './job.js'

/** node-llama-cpp's own batching: `evaluate` on each sequence of one context. It returns tokens, not text. */
async function load(job: Job): Promise<Competitor> {
  const llama = await getLlama({gpu: false, build: 'never', maxThreads: job.threads})
  const model = await llama.loadModel({modelPath: job.model, gpuLayers: 0})
  const context = await model.createContext({
    ...{contextSize: contextSize(job), sequences: job.sequences, batchSize, threads: job.threads},
    flashAttention: 'auto',
  })
  const sequences = Array.from({length: job.sequences}, () => context.getSequence())

  const one = async (sequence: (typeof sequences)[number], prompt: string): Promise<number> => {
    await sequence.clearHistory()
    const tokens = sequence.evaluate(model.tokenize(prompt), {temperature: 0, yieldEogToken: true})
    let generated = 0
    while (generated < job.generateTokens && (await tokens.next()).done !== true) generated++
    await tokens.return()
    return generated
  }
  const generate = async (prompts: readonly string[]): Promise<number> => {
    const counts = await Promise.all(sequences.map((sequence, index) => one(sequence, prompts[index] ?? '')))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  return {pid: process.pid, generate}
}

compete(load)
