import {realClock, type Clock} from '../../system/clock.js'

/**
 * A check that is made no more often than each `ms` milliseconds, from now on. Whoever asks while one is being made gets
 * its result; whoever asks too early gets none.
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
