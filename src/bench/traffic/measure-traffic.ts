import {realClock, type Clock} from '../../system/clock.js'
import type {MetricValues} from '../metrics.js'
import type {RequestSample, Test} from '../result.js'
import type {Prompts} from '../prompts.js'
import type {Target} from '../target.js'
import type {Exchange} from './exchange.js'
import {figuresOf, type TrafficFigures} from './figures.js'
import {runTraffic} from './run-traffic.js'
import type {Slo} from './slo.js'
import type {Traffic} from './traffic.js'

export interface MeasureTrafficOptions {
  prompts: Pick<Prompts, 'make'>
  /** Of lengths and times: the same for all targets of a round. */
  seed: number
  /** Of prompts: different for each target, as two may share a cache. */
  promptSeed: number
  signal: AbortSignal
  now: () => number
}

export interface TrafficOutcome {
  metrics: MetricValues
  /** Those that completed. */
  requests: RequestSample[]
  /** One message for each failed request. */
  failures: string[]
}

/** One repetition of a test of the workload `traffic`. @throws the first failure when no request completed */
export async function measureTraffic(
  target: Target,
  test: Test,
  {now, ...options}: MeasureTrafficOptions,
): Promise<TrafficOutcome> {
  const startedAt = now()
  const clock: Clock = {now, after: (ms, callback) => realClock.after(ms, callback)}
  const run = await runTraffic(trafficOf(test), {target, clock, ...options})
  const figures = figuresOf(run, sloOf(test))
  if (figures.completed === 0 && figures.failure !== undefined) throw figures.failure
  return {
    metrics: metricsOf(figures),
    requests: run.exchanges.flatMap((exchange) => sampleOf(exchange, startedAt)),
    failures: run.exchanges.flatMap(({outcome}) => (outcome.kind === 'failed' ? [outcome.error.message] : [])),
  }
}

function trafficOf({traffic, prompt_tokens, generate_tokens, depth, concurrency: clients}: Test): Traffic {
  if (traffic === undefined) throw new TypeError('A test of traffic needs arrivals.')
  const {arrivals, rate, requests, conversations, turns} = traffic
  const answerTokens = {min: traffic.generate_tokens_min, max: generate_tokens}
  const sizes = {promptTokens: prompt_tokens, answerTokens}
  if (conversations !== undefined && turns !== undefined) {
    return {kind: 'conversations', clients, conversations, turns, systemTokens: depth, sessions: false, ...sizes}
  }
  switch (arrivals) {
    case 'closed':
    case 'together':
      return {kind: arrivals, clients, requests, ...sizes}
    case 'poisson':
      return {kind: 'poisson', ratePerSecond: rate ?? NaN, requests, ...sizes}
  }
}

function sloOf({traffic}: Test): Slo | undefined {
  const slo = traffic?.slo
  if (slo === undefined) return undefined
  const {ttft_ms: ttftMs, itl_ms: itlMs} = slo
  return {...(ttftMs !== undefined && {ttftMs}), ...(itlMs !== undefined && {itlMs})}
}

function metricsOf({tokensPerSecond, ttftMs, itlMs, goodput, failed, ...figures}: TrafficFigures): MetricValues {
  const {promptTokens, cachedTokens} = figures
  return {
    ...(tokensPerSecond > 0 && {throughput: tokensPerSecond}),
    ...(ttftMs !== undefined && {ttft: ttftMs.p50, ttft_p95: ttftMs.p95}),
    ...(itlMs !== undefined && {itl_p50: itlMs.p50, itl_p95: itlMs.p95, itl_max: itlMs.max}),
    ...(goodput !== undefined && {goodput}),
    ...(promptTokens !== undefined &&
      promptTokens > 0 &&
      cachedTokens !== undefined && {cache_hit_rate: cachedTokens / promptTokens}),
    failed,
  }
}

/** Times count from when the request was due. */
function sampleOf({outcome, scheduledMs, sentMs}: Exchange, startedAt: number): RequestSample[] {
  if (outcome.kind !== 'completed') return []
  const {completion} = outcome
  const waitedMs = sentMs - scheduledMs
  return [
    {
      ...completion,
      start_ms: scheduledMs - startedAt,
      ttft_ms: completion.ttft_ms + waitedMs,
      total_ms: completion.total_ms + waitedMs,
    },
  ]
}
