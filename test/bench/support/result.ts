import type {BenchResult, Series} from '../../../src/bench/result.js'
import {pairedRatio, summarize} from '../../../src/bench/statistics.js'

const bootstrap = {confidence: 0.95, resamples: 200, seed: 1}

export function seriesOf(subject: string, metric: string, values: number[]): Series {
  const unit = metric === 'tg' ? 'tokens/s' : 'ms'
  const better = metric === 'tg' ? 'higher' : 'lower'
  const summary = summarize(values, bootstrap)
  return {...{subject, test: 'tg128', metric, unit, better, values, summary}, to_first: null}
}

/** Series that stand beside the first of them, of the same rounds. */
export function besideOf(first: Series, ...others: Series[]): Series[] {
  const beside = others.map((own) => {
    const pairs = own.values.map((value, round) => [value, first.values[round] ?? NaN] as const)
    return {...own, to_first: {n: pairs.length, ...pairedRatio(pairs, bootstrap)}}
  })
  return [first, ...beside]
}

/** A result of subjects over HTTP with these series. */
export function resultOf(series: Series[], changes: Partial<BenchResult> = {}): BenchResult {
  const subjects = [...new Set(series.map(({subject}) => subject))].map((name) => ({
    ...{name, kind: 'http' as const, model: null, url: 'http://h/v1', served_model: name, engine: null, settings: {}},
  }))
  return {
    ...{format: 'wnn-bench-1', date: '2026-01-02T03:04:05.000Z', duration_ms: 1, complete: true},
    ...{incomplete_reason: null, command: ['wnn', 'bench'], samples: [], warnings: [], comparison: null},
    versions: {wnn: '0', node: '20', node_llama_cpp: '3', llama_cpp: null},
    machine: {os: 'linux', cpu: 'c', cores: 2, memory_bytes: 2 ** 30, load_before: 0, load_after: 1},
    settings: {repetitions: 5, warmup: 1, seed: 1, confidence: 0.95, resamples: 200},
    ...{subjects, series},
    tests: [{name: 'tg128', workload: 'tg', prompt_tokens: 8, generate_tokens: 128, depth: 0, concurrency: 1}],
    ...changes,
  }
}
