import {piecesOf, type Exchange} from './exchange.js'
import type {LongPromptRun} from './long-prompt.js'
import type {TrafficRun} from './run-traffic.js'
import {meetsSlo, type Slo} from './slo.js'
import {interTokens, longestGap, spread, timeToFirstToken, type Spread} from './latencies.js'
import type {Window} from './traffic.js'

/** The metrics of a run of traffic. */
export interface TrafficFigures {
  /** Requests that completed in the window. */
  completed: number
  /** Requests of the whole run that failed. */
  failed: number
  /** Of the first failure. */
  failure: Error | undefined
  windowMs: number
  /** Tokens that arrived in the window. */
  tokens: number
  tokensPerSecond: number
  completedPerSecond: number
  ttftMs: Spread | undefined
  /** p50 and p95 of every token; the maximum is the longest time without text. */
  itlMs: Spread | undefined
  /** Of the requests that completed in the window; absent where the server does not count. */
  promptTokens: number | undefined
  cachedTokens: number | undefined
  /** Share of the requests that met the objectives; a failed one did not. Absent without objectives. */
  goodput: number | undefined
  longPrompt: LongPromptFigures | undefined
}

export interface LongPromptFigures {
  ttftMs: number
  /** Inter-token times of the running answers. */
  beforeMs: Spread | undefined
  duringMs: Spread | undefined
}

/** Latencies count where their last token arrived within the window. */
export function figuresOf({exchanges, window, longPrompt}: TrafficRun, slo?: Slo): TrafficFigures {
  const windowMs = window.toMs - window.fromMs
  const completed = exchanges.filter(
    ({outcome, endedMs}) => outcome.kind === 'completed' && isIn(window, endedMs ?? Infinity),
  )
  const failures = exchanges.flatMap(({outcome}) => (outcome.kind === 'failed' ? [outcome.error] : []))
  const ttfts = exchanges.flatMap((exchange) => {
    const {arrivals, endedMs, outcome} = exchange
    const firstMs = arrivals[0]?.atMs ?? (outcome.kind === 'completed' ? endedMs : undefined)
    return firstMs !== undefined && isIn(window, firstMs) ? [firstMs - exchange.scheduledMs] : []
  })
  const tokens = tokensIn(exchanges, window)
  return {
    completed: completed.length,
    failed: failures.length,
    failure: failures[0],
    windowMs,
    tokens,
    tokensPerSecond: (tokens * 1000) / windowMs,
    completedPerSecond: (completed.length * 1000) / windowMs,
    ttftMs: spread(ttfts),
    itlMs: itl(exchanges, window),
    promptTokens: sum(completed.map(({outcome}) => countOf(outcome, 'prompt_tokens'))),
    cachedTokens: sum(completed.map(({outcome}) => countOf(outcome, 'cached_tokens'))),
    goodput: slo === undefined ? undefined : goodput(completed, failures.length, slo),
    longPrompt: longPrompt === undefined ? undefined : longPromptFigures(exchanges, longPrompt),
  }
}

function longPromptFigures(exchanges: readonly Exchange[], {exchange, steadyMs}: LongPromptRun): LongPromptFigures {
  const others = exchanges.filter((one) => one !== exchange)
  const ttftMs = timeToFirstToken(exchange) ?? NaN
  const {sentMs} = exchange
  return {
    ttftMs,
    beforeMs: itl(others, {fromMs: steadyMs, toMs: sentMs}),
    duringMs: itl(others, {fromMs: sentMs, toMs: sentMs + ttftMs}),
  }
}

function itl(exchanges: readonly Exchange[], window: Window): Spread | undefined {
  const shared = spread(exchanges.flatMap((exchange) => interTokens(exchange, window)))
  return shared === undefined ? undefined : {...shared, max: longestGap(exchanges, window)}
}

/** A failed request does not meet them; an aborted one does not count. */
function goodput(completed: readonly Exchange[], failed: number, slo: Slo): number | undefined {
  const all = completed.length + failed
  return all === 0 ? undefined : completed.filter((exchange) => meetsSlo(exchange, slo)).length / all
}

/** A piece of text is as many tokens as the server's count says; of an unfinished answer, as of all others together. */
function tokensIn(exchanges: readonly Exchange[], window: Window): number {
  const counted = exchanges.flatMap((exchange) => {
    const tokens = countOf(exchange.outcome, 'generated_tokens')
    return tokens === undefined ? [] : [{tokens, pieces: piecesOf(exchange)}]
  })
  const pieces = counted.reduce((total, one) => total + one.pieces, 0)
  const usual = pieces === 0 ? 1 : counted.reduce((total, one) => total + one.tokens, 0) / pieces
  return exchanges.reduce((total, exchange) => {
    const own = countOf(exchange.outcome, 'generated_tokens')
    const all = piecesOf(exchange)
    if (all === 0) return total + (isIn(window, exchange.endedMs ?? Infinity) ? (own ?? 0) : 0)
    const inside = exchange.arrivals.reduce((count, one) => count + (isIn(window, one.atMs) ? one.pieces : 0), 0)
    return total + inside * (own === undefined ? usual : own / all)
  }, 0)
}

function countOf(
  outcome: Exchange['outcome'],
  field: 'prompt_tokens' | 'cached_tokens' | 'generated_tokens',
): number | undefined {
  return outcome.kind === 'completed' ? (outcome.completion[field] ?? undefined) : undefined
}

function isIn({fromMs, toMs}: Window, atMs: number): boolean {
  return atMs > fromMs && atMs <= toMs
}

/** Absent when a part is not known. */
function sum(counts: readonly (number | undefined)[]): number | undefined {
  return counts.reduce((total, one) => (total === undefined || one === undefined ? undefined : total + one), 0)
}
