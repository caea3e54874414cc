import {fork} from 'node:child_process'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {isShapeName} from './model/shapes.js'
import {cachedModel} from './model/write-model.js'
import type {SamplerCase, StepsJob, StepTimes} from './sampling/steps.js'

/**
 * The cost of sampling beside the decode, by the number of pool threads:
 * `node --import tsx perf/sampling.ts [--models wide-vocabulary,bench] [--streams 1,4,16,64] [--pool 1,2,4]`.
 * Every pool size is a process of its own. Prints medians in milliseconds per step.
 */
const samplers: Record<string, SamplerCase> = {
  greedy: {config: {temperature: 0, seed: 1}},
  sampled: {config: {temperature: 0.7, seed: 1, topK: 40, topP: 0.95, minP: 0.05}},
  // The default configuration adds this.
  penalties: {
    config: {
      ...{temperature: 0.7, seed: 1, topK: 40, topP: 0.95, minP: 0.05},
      ...{repeatPenalty: 1.1, repeatPenaltyMaxTokens: 64, repeatPenaltyTokens: Uint32Array.of(1)},
    },
  },
  'no-top-k': {config: {temperature: 0.7, seed: 1}},
  'log-probabilities': {config: {temperature: 1, seed: 0}, top: 1000},
}

const {values} = parseArgs({
  options: {
    models: {type: 'string', default: 'wide-vocabulary,bench'},
    streams: {type: 'string', default: '1,4,16,64'},
    pool: {type: 'string', default: '1,2,4'},
    samplers: {type: 'string', default: 'greedy,sampled'},
    threads: {type: 'string', default: '1'},
    rounds: {type: 'string', default: '1'},
    steps: {type: 'string', default: '12'},
  },
})
const chosen = Object.fromEntries(
  values.samplers.split(',').flatMap((name) => {
    const chosenCase = samplers[name]
    if (chosenCase === undefined) {
      throw new Error(`--samplers: there is no ${name}. Choose from ${Object.keys(samplers).join(', ')}.`)
    }
    return [[name, chosenCase]]
  }),
)

async function run(job: StepsJob, pool: string): Promise<StepTimes[]> {
  const child = fork(fileURLToPath(new URL('sampling/steps.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: {...process.env, UV_THREADPOOL_SIZE: pool},
    serialization: 'advanced',
  })
  child.send(job)
  const [times] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`A measurement exited with ${String(code)}.`))),
  ])) as [StepTimes[]]
  return times
}

console.log('| model | streams | sampler | pool | decode ms | cpu ms | sampling ms | cpu ms |')
console.log('|---|---|---|---|---|---|---|---|')
for (const name of values.models.split(',')) {
  const model = isShapeName(name) ? await cachedModel(name) : name
  for (const streams of values.streams.split(',').map(Number)) {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const pool of values.pool.split(',')) {
        const steps = Number(values.steps)
        const times = await run({model, streams, threads: Number(values.threads), steps, samplers: chosen}, pool)
        for (const {sampler, ...each} of times) {
          const cells = [each.decodeWallMs, each.decodeCpuMs, each.sampleWallMs, each.sampleCpuMs]
          const figures = cells.map((ms) => ms.toFixed(ms < 10 ? 2 : 1)).join(' | ')
          console.log(`| ${name} | ${streams} | ${sampler} | ${pool} | ${figures} |`)
        }
      }
    }
  }
}
