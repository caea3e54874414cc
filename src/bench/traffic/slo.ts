import {NnError} from '../../errors.js'
import type {Exchange} from './exchange.js'
import {meanInterToken, timeToFirstToken} from './latencies.js'

/** Service level objectives of a request. An absent one is always met. */
export interface Slo {
  /** Most time to the first token. */
  ttftMs?: number
  /** Most mean time between two tokens. */
  itlMs?: number
}

export function meetsSlo(exchange: Exchange, {ttftMs = Infinity, itlMs = Infinity}: Slo): boolean {
  return (timeToFirstToken(exchange) ?? Infinity) <= ttftMs && (meanInterToken(exchange) ?? 0) <= itlMs
}

const fields = {ttft: 'ttftMs', itl: 'itlMs'} as const

/** Reads `ttft=500ms,itl=50ms`; seconds are written `2s`. @throws `invalid_argument` */
export function parseSlo(text: string): Slo {
  const slo: Slo = {}
  for (const part of text.split(',')) {
    const [, name, number, unit] = /^\s*(ttft|itl)=(\d+(?:\.\d+)?)(ms|s)\s*$/.exec(part) ?? []
    if (name === undefined) {
      throw new NnError('invalid_argument', `--slo got ${JSON.stringify(part)}.`, {
        hint: 'Example: --slo ttft=500ms,itl=50ms',
      })
    }
    slo[fields[name as keyof typeof fields]] = Number(number) * (unit === 's' ? 1000 : 1)
  }
  return slo
}
