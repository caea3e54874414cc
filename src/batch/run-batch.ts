import {setMaxListeners} from 'node:events'
import {realClock, type Clock} from '../system/clock.js'
import {toNnError, type NnError} from '../errors.js'
import {withRetries, type RetryOptions} from './retry.js'
import {Turnstile, type Order} from './turnstile.js'
import {untilAborted} from '../system/until-aborted.js'

/** The result of one item. Milliseconds count from the start of its first attempt. */
export type Ended<Item, Answer> = {item: Item; attempts: number; latencyMs: number} & (
  {answer: Answer} | {failure: NnError}
)

export interface RunOptions extends RetryOptions {
  /** Items that are answered at the same time, 1 or more. */
  concurrency: number
  /** With `input`, a finished item waits for earlier ones. */
  order: Order
  /** Maximum number of items that run or wait to be written. Defaults to 8 × concurrency, at least 64. */
  window?: number
  /** When aborted, no new item starts, and running ones finish. */
  stop: AbortSignal
  /** Called after each written item; returns whether to stop. Defaults to never. */
  isEnough?: () => boolean
  /** Called with the number of running items. */
  onRunning?: (count: number) => void
  clock?: Clock
}

/** Thrown by `answer` if no other item can be answered either. The run ends with the reason. */
export class RunEnded extends Error {
  override readonly name = 'RunEnded'

  constructor(readonly reason: NnError) {
    super(reason.message, {cause: reason})
  }
}

/** `stopped` by the signal or by `enough`. */
export type BatchOutcome = 'complete' | 'stopped' | 'enough'

/**
 * Answers items and writes each result exactly once. Only `answer` and `write` know models and files. Items are read no
 * faster than they are answered and written, so memory does not grow with their number.
 *
 * A failed answer affects only its item. @throws errors of reading or writing, and the reason of a `RunEnded`; running
 * answers are aborted then and not written.
 */
export async function runBatch<Item, Answer>(
  items: AsyncIterable<Item>,
  answer: (item: Item, signal: AbortSignal) => Promise<Answer>,
  write: (ended: Ended<Item, Answer>) => void,
  options: RunOptions,
): Promise<BatchOutcome> {
  const {concurrency, order, isEnough, onRunning, clock = realClock} = options
  const {window = Math.max(64, 8 * concurrency)} = options
  const [halt, abort] = [new AbortController(), new AbortController()]
  const stop = AbortSignal.any([options.stop, halt.signal])
  // Every item that waits for a retry adds a listener.
  setMaxListeners(0, stop)
  const turnstile = new Turnstile<Ended<Item, Answer>>(order)
  const running = new Set<Promise<void>>()
  const end: {enough: boolean; fatal?: {error: unknown}} = {enough: false}
  let wake = (): void => undefined

  const fail = (error: unknown): void => {
    end.fatal ??= {error: error instanceof RunEnded ? error.reason : error}
    halt.abort()
    abort.abort(end.fatal.error)
  }

  const runItem = async (item: Item, place: number): Promise<void> => {
    const startedAt = clock.now()
    const tried = await withRetries(() => answer(item, abort.signal), {...options, stop, clock})
    if (end.fatal !== undefined) return
    if ('error' in tried && tried.error instanceof RunEnded) throw tried.error
    // It was not answered, so a later run starts with it.
    if ('error' in tried && !tried.isFinal) return
    const how = {item, attempts: tried.attempts, latencyMs: clock.now() - startedAt}
    const ended = 'value' in tried ? {...how, answer: tried.value} : {...how, failure: toNnError(tried.error)}
    for (const each of turnstile.pass(place, ended)) write(each)
    end.enough ||= isEnough?.() === true
    if (end.enough) halt.abort()
  }

  const start = (item: Item, place: number): void => {
    const work = runItem(item, place)
      .catch(fail)
      .finally(() => {
        running.delete(work)
        onRunning?.(running.size)
        wake()
      })
    running.add(work)
    onRunning?.(running.size)
  }

  let place = 0
  try {
    for await (const item of untilAborted(items, stop)) {
      start(item, place++)
      while (!stop.aborted && (running.size >= concurrency || running.size + turnstile.waiting >= window))
        await new Promise<void>((resolve) => (wake = resolve))
    }
  } catch (error) {
    fail(error)
  }
  await Promise.all(running)
  if (end.fatal !== undefined) throw end.fatal.error
  if (end.enough) return 'enough'
  return stop.aborted ? 'stopped' : 'complete'
}
