import {NnError} from '../../errors.js'
import type {Clock} from '../../system/clock.js'
import {duration} from '../../terminal/units.js'
import type {EngineDeath} from '../engine/host/engine-process.js'

/** How long a request that killed an engine is rejected, and how long a death is remembered. */
const rejectedForMs = 600_000
/** Maximum number of requests that are remembered; the oldest are forgotten first. */
const mostRequests = 1000
/** Maximum number of deaths that are compared with a new one. */
const mostDeaths = 20

interface PastDeath {
  at: number
  suspects: readonly string[]
}

export interface Blame {
  fingerprint: string
  /** Deaths, by their times, that this request explains: the new one, and earlier ones that it was a suspect of. */
  deaths: readonly number[]
}

/**
 * Finds the request that an engine died of, and rejects it when it comes again. Certain is a crash, or a computation without
 * end, with a single suspect. Else the culprit is the only request that was a suspect of this death and of an earlier one.
 * Deaths whose cause may lie outside only count for the second rule.
 */
export class Culprits {
  private readonly rejected = new Map<string, {until: number; why: string}>()
  private deaths: PastDeath[] = []
  /** Errors of requests that may have killed an engine and are tried again. */
  private readonly suspected = new WeakSet<Error>()
  private retrying: Promise<unknown> = Promise.resolve()
  /** Deaths that a request was blamed for, since the model was loaded. */
  blamed = 0

  constructor(private readonly clock: Clock) {}

  /** @returns the request to blame; `undefined` if it is not known */
  find({cause, suspects, error}: EngineDeath): Blame | undefined {
    const at = this.clock.now()
    this.deaths = this.deaths.filter((death) => at - death.at < rejectedForMs).slice(-mostDeaths)
    const fingerprint = this.culprit(cause, suspects)
    if (fingerprint === undefined) {
      if (suspects.length > 0) this.deaths.push({at, suspects})
      return undefined
    }
    const explained = this.deaths.filter((death) => death.suspects.includes(fingerprint))
    this.deaths = this.deaths.filter((death) => !explained.includes(death))
    this.rejected.set(fingerprint, {until: at + rejectedForMs, why: error.message})
    const [oldest] = this.rejected.keys()
    if (this.rejected.size > mostRequests && oldest !== undefined) this.rejected.delete(oldest)
    this.blamed += 1 + explained.length
    return {fingerprint, deaths: [...explained.map((death) => death.at), at]}
  }

  private culprit(cause: EngineDeath['cause'], suspects: readonly string[]): string | undefined {
    const [only] = suspects
    if (cause !== 'outside' && suspects.length === 1) return only
    for (const death of this.deaths.toReversed()) {
      const common = suspects.filter((suspect) => death.suspects.includes(suspect))
      if (common.length === 1) return common[0]
    }
    return undefined
  }

  /** The error for a request that has killed an engine; `undefined` for any other. */
  rejection(fingerprint: () => string | undefined): NnError | undefined {
    if (this.rejected.size === 0) return undefined
    const found = this.rejected.get(fingerprint() ?? '')
    if (found === undefined) return undefined
    const leftMs = found.until - this.clock.now()
    if (leftMs > 0) return killer(`This request is rejected for another ${duration(leftMs)}, because it`, found.why)
    this.rejected.delete(fingerprint() ?? '')
    return undefined
  }

  /** The error of a request that an engine just died of. */
  blame(why: string): NnError {
    return killer('This request', why)
  }

  /** The error of a request that may be the culprit. */
  suspect(error: NnError): NnError {
    const {message, hint, reason} = error
    const own = new NnError(reason, message, {cause: error, ...(hint !== undefined && {hint})})
    this.suspected.add(own)
    return own
  }

  /** A second attempt. Suspects are tried one after the other, so that the next death shows which of them it was. */
  retry<Result>(error: Error, signal: AbortSignal, attempt: () => Promise<Result>): Promise<Result> {
    if (!this.suspected.has(error)) return attempt()
    const result = Promise.race([this.retrying, aborted(signal)]).then(attempt)
    this.retrying = result.catch(() => undefined)
    return result
  }
}

function killer(subject: string, why: string): NnError {
  return new NnError('request_killed_engine', `${subject} ended the engine process: ${why}`, {
    hint: 'Other requests are answered. Change this one: its grammar, schema, patterns or length, for example. Or load the model again.',
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), {once: true})
  })
}
