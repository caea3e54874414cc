import {seededRandom} from '../../../src/system/random.js'
import {compareResults} from '../../../src/bench/compare.js'
import {metricsOf} from '../../../src/bench/metrics.js'
import {readTests} from '../../../src/bench/options.js'
import type {BenchResult, Sample, Subject, Test} from '../../../src/bench/result.js'
import {seriesOf} from '../../../src/bench/series.js'
import {request} from './request.js'
import {resultOf} from './result.js'

const bootstrap = {confidence: 0.95, resamples: 200, seed: 1}

export interface Shape {
  names: readonly string[]
  repetitions: number
  /** Times are longer by this. */
  slower?: number
  seed?: number
}

/** A result with raw requests as a run of pp, tg, prefix and several streams gives it; its times are drawn by the seed. */
export function fullResult({names, repetitions, slower = 1, seed = 1}: Shape): BenchResult {
  const random = seededRandom(seed)
  const tests = readTests({
    ...{'prompt-tokens': '128', 'generate-tokens': '32', depth: '0', concurrency: '1,4,16'},
    workload: 'pp,tg,concurrency,prefix,load',
  })
  const subjects = names.map(subjectOf)
  const samples = tests.flatMap((test) =>
    subjects.flatMap(({name: subject}, index) =>
      Array.from({length: repetitions}, (_, round): Sample => {
        const times = () => slower * (1 + 0.3 * index) * (1 + 0.1 * random())
        const requests = test.workload === 'load' ? [] : requestsOf(test, times)
        const metrics = test.workload === 'load' ? {load: 900 * times()} : metricsOf(test, requests)
        return {subject, test: test.name, repetition: round + 1, at_ms: 0, metrics, requests}
      }),
    ),
  )
  const result = resultOf([], {tests, subjects, samples})
  return {...result, series: seriesOf(samples, tests, subjects, bootstrap)}
}

/** The result, compared with a baseline. */
export function compared(result: BenchResult, before: BenchResult): BenchResult {
  return {...result, comparison: compareResults(before, result, {file: 'before.json', limit: 0.05, bootstrap})}
}

function requestsOf(test: Test, times: () => number): Sample['requests'] {
  const count = test.workload === 'prefix' ? 2 : test.concurrency
  return Array.from({length: count}, (_, index) => {
    const cached = test.workload === 'prefix' && index === 1
    const ttft_ms = (cached ? 20 : test.prompt_tokens) * times()
    const gaps_ms = Array.from({length: test.generate_tokens - 1}, () => 10 * times())
    const total_ms = gaps_ms.reduce((sum, gap) => sum + gap, ttft_ms)
    return request({
      ...{prompt_tokens: test.prompt_tokens, generated_tokens: test.generate_tokens},
      ...{cached_tokens: cached ? test.prompt_tokens - 1 : 0, ttft_ms, total_ms, gaps_ms},
    })
  })
}

function subjectOf(name: string): Subject {
  return {
    ...{name, kind: 'local', url: null, served_model: null, settings: {'model.threads': 2}},
    model: {
      path: `/models/${name}.gguf`,
      sha256: 'ab'.repeat(32),
      size_bytes: 2 ** 30,
      architecture: 'qwen2',
      parameters: 5e8,
    },
    engine: {
      ...{llama_build: 'b1', llama_commit: 'c', gpu: null, gpu_layers: 0, layers: 25, threads: 2},
      ...{ctx_size: 1024, batch_size: 512, parallel: 16},
    },
  }
}
