import {realClock, type Clock} from '../system/clock.js'
import {NnError} from '../errors.js'

export interface RetryOptions {
  /** Number of retries after a `runtime_error`. Defaults to `0`. */
  retries?: number
  /** Wait before the first retry in milliseconds; doubles each time. Defaults to `500`. */
  backOffMs?: number
  /** Maximum wait for a place in a full queue in milliseconds; does not count as an attempt. Defaults to an hour. */
  patienceMs?: number
}

const longestBackOffMs = 30_000

/** `isFinal`: false if the attempt failed only because the run was stopped. */
export type Tried<T> = {attempts: number} & ({value: T} | {error: unknown; isFinal: boolean})

/**
 * Retries until there is an answer or a permanent failure. When `stop` is aborted, makes the last attempt without
 * waiting.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  options: RetryOptions & {stop: AbortSignal; clock?: Clock},
): Promise<Tried<T>> {
  const {retries = 0, backOffMs = 500, patienceMs = 3_600_000, stop, clock = realClock} = options
  const startedAt = clock.now()
  let [attempts, waits] = [1, 0]
  for (;;) {
    const wasStopped = stop.aborted
    try {
      return {attempts, value: await attempt()}
    } catch (error) {
      const isEngines = error instanceof NnError && error.code === 'runtime_error'
      const isBusy = isEngines && error.canRetry && clock.now() - startedAt < patienceMs
      if (!isEngines || (!isBusy && attempts > retries)) return {attempts, error, isFinal: true}
      if (wasStopped) return {attempts, error, isFinal: false}
      if (!isBusy) attempts++
      // A place may be free at any time; a failing engine gets more time after each attempt.
      await pause(isBusy ? backOffMs : Math.min(longestBackOffMs, backOffMs * 2 ** waits++), stop, clock)
    }
  }
}

/** Ends early when the run is stopped. */
function pause(ms: number, stop: AbortSignal, clock: Clock): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      stop.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    stop.addEventListener('abort', end)
  })
}
