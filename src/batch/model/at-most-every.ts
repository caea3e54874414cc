import {realClock, type Clock} from '../../system/clock.js'

/**
 * Runs a check at most once per `ms` milliseconds. Calls during a check share its result; calls too soon after one get
 * none.
 */
export function atMostEvery(ms: number, check: () => Promise<void>, clock: Clock = realClock): () => Promise<void> {
  let madeAt = clock.now()
  let running: Promise<void> | undefined
  return () => {
    if (running === undefined && clock.now() - madeAt < ms) return Promise.resolve()
    running ??= check().finally(() => {
      madeAt = clock.now()
      running = undefined
    })
    return running
  }
}
