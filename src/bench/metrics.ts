import type {RequestSample, Series, Test} from './result.js'
import {median, quantile} from './statistics.js'

export interface MetricInfo {
  title: string
  unit: Series['unit']
  better: Series['better']
}

/** Every metric by its name in results; docs/bench.md says how each is computed. */
export const metrics = {
  pp: {title: 'prompt processing', unit: 'tokens/s', better: 'higher'},
  tg: {title: 'generation', unit: 'tokens/s', better: 'higher'},
  ttft: {title: 'time to first token', unit: 'ms', better: 'lower'},
  ttft_p95: {title: 'time to first token, 95 % of streams', unit: 'ms', better: 'lower'},
  itl: {title: 'inter-token latency', unit: 'ms', better: 'lower'},
  gap_p95: {title: 'gap between pieces of text, 95 %', unit: 'ms', better: 'lower'},
  throughput: {title: 'generation, all streams together', unit: 'tokens/s', better: 'higher'},
  ttft_fresh: {title: 'first token of a new prompt', unit: 'ms', better: 'lower'},
  ttft_cached: {title: 'first token of the same prompt again', unit: 'ms', better: 'lower'},
  cache_gain: {title: 'new prompt to the same again', unit: 'x', better: 'higher'},
  load: {title: 'model load', unit: 'ms', better: 'lower'},
  switch: {title: 'model switch', unit: 'ms', better: 'lower'},
  downtime: {title: 'without a model while switching', unit: 'ms', better: 'lower'},
} as const satisfies Record<string, MetricInfo>
export type MetricName = keyof typeof metrics

/** What one repetition says; a metric that cannot be told is left out. */
export type MetricValues = Partial<Record<MetricName, number>>

/** The metrics of a repetition of a test that sends requests. */
export function metricsOf({workload}: Pick<Test, 'workload'>, requests: readonly RequestSample[]): MetricValues {
  const [first, second] = requests
  if (first === undefined) return {}
  switch (workload) {
    case 'pp':
      return defined({pp: promptRate(first), ttft: first.ttft_ms})
    case 'tg': {
      const itl = interval(first)
      return defined({tg: itl === undefined ? undefined : 1000 / itl, itl})
    }
    case 'concurrency':
      return streams(requests)
    case 'prefix':
      return second === undefined
        ? {}
        : {ttft_fresh: first.ttft_ms, ttft_cached: second.ttft_ms, cache_gain: first.ttft_ms / second.ttft_ms}
    case 'load':
    case 'switch':
      return {}
  }
}

/**
 * Prompt tokens that were evaluated, per second, from the request to the first token, which belongs to it: the tokens of
 * the cache do not count. `undefined` where the server does not tell how many tokens there were.
 */
function promptRate({prompt_tokens: tokens, cached_tokens: cached, ttft_ms: ms}: RequestSample): number | undefined {
  if (tokens === null || cached === null || tokens <= cached || ms <= 0) return undefined
  return ((tokens - cached) * 1000) / ms
}

/**
 * Mean time between two tokens of an answer, from the first token to the end: the first one belongs to the prompt. Without
 * at least two pieces of text there is no such time.
 */
function interval({generated_tokens: tokens, ttft_ms, total_ms, gaps_ms}: RequestSample): number | undefined {
  if (tokens < 2 || gaps_ms.length === 0 || total_ms <= ttft_ms) return undefined
  return (total_ms - ttft_ms) / (tokens - 1)
}

function streams(requests: readonly RequestSample[]): MetricValues {
  const from = Math.min(...requests.map(({start_ms}) => start_ms))
  const to = Math.max(...requests.map(({start_ms, total_ms}) => start_ms + total_ms))
  const tokens = requests.reduce((sum, {generated_tokens}) => sum + generated_tokens, 0)
  const ttfts = requests.map(({ttft_ms}) => ttft_ms)
  const intervals = requests.flatMap((request) => interval(request) ?? [])
  const gaps = requests.flatMap(({gaps_ms}) => gaps_ms)
  return defined({
    throughput: to > from ? (tokens * 1000) / (to - from) : undefined,
    ttft: median(ttfts),
    ttft_p95: quantile(ttfts, 0.95),
    itl: intervals.length === 0 ? undefined : median(intervals),
    gap_p95: gaps.length === 0 ? undefined : quantile(gaps, 0.95),
  })
}

function defined(values: Partial<Record<MetricName, number | undefined>>): MetricValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
