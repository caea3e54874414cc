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
  throughput: {title: 'generation, all streams together', unit: 'tokens/s', better: 'higher'},
  ttft: {title: 'time to first token', unit: 'ms', better: 'lower'},
  ttft_p95: {title: 'time to first token, 95 % of streams', unit: 'ms', better: 'lower'},
  itl: {title: 'inter-token latency', unit: 'ms', better: 'lower'},
  itl_p50: {title: 'inter-token latency of every token, median', unit: 'ms', better: 'lower'},
  itl_p95: {title: 'inter-token latency of every token, 95 %', unit: 'ms', better: 'lower'},
  itl_max: {title: 'longest gap without text', unit: 'ms', better: 'lower'},
  goodput: {title: 'requests that met the objectives', unit: 'share', better: 'higher'},
  cache_hit_rate: {title: 'prompt tokens from a cache', unit: 'share', better: 'higher'},
  failed: {title: 'failed requests', unit: 'requests', better: 'lower'},
  passes_per_step: {title: 'passes over the weights per step', unit: 'x', better: 'lower'},
  gap_p95: {title: 'gap between pieces of text, 95 %', unit: 'ms', better: 'lower'},
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

/** The metrics of a repetition of a test that sends requests; traffic has its own. */
export function metricsOf(
  {workload, depth}: Pick<Test, 'workload' | 'depth'>,
  requests: readonly RequestSample[],
): MetricValues {
  const [first, second] = requests
  if (first === undefined) return {}
  switch (workload) {
    case 'pp':
      return defined({pp: promptRate(first, depth), ttft: first.ttft_ms})
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
    case 'traffic':
      return {}
  }
}

/**
 * Prompt tokens that were evaluated, per second, from the request to the first token, which belongs to it: tokens of the
 * cache do not count. A server that does not tell what it had in its cache had nothing of a new prompt, and nobody knows how
 * much of a depth. `undefined` then, and where it does not tell how many tokens there were.
 */
function promptRate(
  {prompt_tokens: tokens, cached_tokens, ttft_ms: ms}: RequestSample,
  depth: number,
): number | undefined {
  const cached = cached_tokens ?? (depth === 0 ? 0 : null)
  if (tokens === null || cached === null || tokens <= cached || ms <= 0) return undefined
  return ((tokens - cached) * 1000) / ms
}

/**
 * Mean time between two tokens of an answer, from the first token, which belongs to the prompt, to the last. A backend's own
 * clock tells it: to its clients it sends several tokens of a quick model at a time, and tokens may have no text of their
 * own. Of servers there is only when text came: then the time from the first arrival to the end by the tokens that came
 * behind it. `undefined` when all came at once, or several at a time and only twice: when the first of them were
 * there is not to be seen.
 */
export function interval(request: RequestSample): number | undefined {
  const {generated_tokens: tokens, counted, engine_ms, ttft_ms, total_ms, gaps_ms, pieces, first_pieces} = request
  if (tokens < 2) return undefined
  if (counted === 'engine' && engine_ms !== null) return engine_ms.predict / (tokens - 1)
  if (gaps_ms.length === 0 || total_ms <= ttft_ms || (isInHeaps(request) && gaps_ms.length < 2)) return undefined
  return (total_ms - ttft_ms) / (tokens * (1 - first_pieces / pieces))
}

/**
 * How far off `interval` may be, as a fraction, because tokens came several at a time: the last arrival may be
 * sooner than the ones before. 0 where every token came by itself.
 */
export function uncertainty(request: RequestSample): number {
  const {counted, engine_ms, gaps_ms} = request
  if (gaps_ms.length === 0 || (counted === 'engine' && engine_ms !== null)) return 0
  return isInHeaps(request) ? 1 / gaps_ms.length : 0
}

/** More tokens or pieces than arrivals, beyond a few that had no text, or were late and met the next one. */
function isInHeaps({pieces, generated_tokens, gaps_ms}: RequestSample): boolean {
  return Math.max(pieces, generated_tokens) > 1.25 * (gaps_ms.length + 1)
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
