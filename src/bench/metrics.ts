import type {RequestSample, Series, Test} from './result.js'
import {median, quantile} from './statistics.js'

export interface MetricInfo {
  title: string
  unit: Series['unit']
  better: Series['better']
}

/** Every metric by its name in results; docs/reference/bench.md defines each. */
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

/** Whether more of a metric is better; of an unknown one, it is. */
export function betterOf(metric: string): Series['better'] {
  return Object.hasOwn(metrics, metric) ? metrics[metric as MetricName].better : 'higher'
}

/** The metrics of one repetition; unknown ones are omitted. */
export type MetricValues = Partial<Record<MetricName, number>>

/** The metrics of a repetition with requests; traffic has its own. */
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
 * Evaluated prompt tokens per second, from the request to the first token; cached tokens do not count. If a server does
 * not report cached tokens, a new prompt has none, and with a depth the number is unknown. `undefined` then, and if the
 * server does not report the number of tokens.
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
 * Mean time between two tokens of an answer, from the first token to the last. For a backend it comes from the engine's
 * clock, because a fast model sends several tokens at a time, and tokens may have no text. For servers only arrival
 * times are known: the time from the first arrival to the end, divided by the tokens after it. `undefined` if all text
 * arrived at once, or in only two arrivals with several tokens each, because the time of the first tokens is unknown
 * then.
 */
export function interval(request: RequestSample): number | undefined {
  const {generated_tokens: tokens, counted, engine_ms, ttft_ms, total_ms, gaps_ms, pieces, first_pieces} = request
  if (tokens < 2) return undefined
  if (counted === 'engine' && engine_ms !== null) return engine_ms.predict / (tokens - 1)
  if (gaps_ms.length === 0 || total_ms <= ttft_ms || (isInHeaps(request) && gaps_ms.length < 2)) return undefined
  return (total_ms - ttft_ms) / (tokens * (1 - first_pieces / pieces))
}

/**
 * Possible error of `interval`, as a fraction, because several tokens arrived at a time. 0 if every token arrived
 * separately.
 */
export function uncertainty(request: RequestSample): number {
  const {counted, engine_ms, gaps_ms} = request
  if (gaps_ms.length === 0 || (counted === 'engine' && engine_ms !== null)) return 0
  return isInHeaps(request) ? 1 / gaps_ms.length : 0
}

/**
 * More tokens or pieces than arrivals, apart from a few without text or that arrived late together with the next one.
 */
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
