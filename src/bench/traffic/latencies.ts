import {quantile} from '../statistics.js'
import type {Exchange} from './exchange.js'
import type {Window} from './traffic.js'

export interface Spread {
  p50: number
  p95: number
  max: number
}

/** `undefined` without values. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  return {p50: quantile(values, 0.5), p95: quantile(values, 0.95), max: quantile(values, 1)}
}

/** From when the request was due to its first text; an answer without text has it at its end. */
export function timeToFirstToken({arrivals, scheduledMs, endedMs, outcome}: Exchange): number | undefined {
  const firstMs = arrivals[0]?.atMs ?? (outcome.kind === 'completed' ? endedMs : undefined)
  return firstMs === undefined ? undefined : firstMs - scheduledMs
}

/** Mean time between two tokens of an answer. */
export function meanInterToken({arrivals}: Exchange): number | undefined {
  const [first, ...others] = arrivals
  const last = others.at(-1)
  if (first === undefined || last === undefined) return undefined
  return (last.atMs - first.atMs) / others.reduce((pieces, one) => pieces + one.pieces, 0)
}

/** The time before each token that arrived in the window. Tokens of one flush share the time before it. */
export function interTokens({arrivals}: Exchange, window: Window): number[] {
  return gapsIn(arrivals, window).flatMap(({ms, pieces}) => Array.from({length: pieces}, () => ms / pieces))
}

/** The longest time without text. */
export function longestGap(exchanges: readonly Exchange[], window: Window): number {
  return exchanges.flatMap(({arrivals}) => gapsIn(arrivals, window)).reduce((longest, {ms}) => Math.max(longest, ms), 0)
}

function gapsIn(arrivals: Exchange['arrivals'], {fromMs, toMs}: Window): {ms: number; pieces: number}[] {
  return arrivals.flatMap(({atMs, pieces}, index) => {
    const before = arrivals[index - 1]
    return before === undefined || atMs <= fromMs || atMs > toMs ? [] : [{ms: atMs - before.atMs, pieces}]
  })
}
