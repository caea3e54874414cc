import {setMaxListeners} from 'node:events'
import {realClock, type Clock} from '../system/clock.js'
import {toNnError, type NnError} from '../errors.js'
import {withRetries, type RetryOptions} from './retry.js'
import {Turnstile, type Order} from './turnstile.js'
import {untilAborted} from '../system/until-aborted.js'

/** How one item ended. Milliseconds are from the start of its first attempt. */
export type Ended<Item, Answer> = {item: Item; attempts: number; latencyMs: number} & (
  {answer: Answer} | {failure: NnError}
)

export interface RunOptions extends RetryOptions {
  /** Items that are answered at the same time, 1 or more. */
  concurrency: number
  /** With `input` an item that has ended waits for those before it. */
  order: Order
  /** Items that run or wait for their turn to be written, together. Defaults to 8 × concurrency, at least 64. */
  window?: number
  /** Once aborted nothing new is begun; what runs comes to its end. */
  stop: AbortSignal
  /** Asked after each item that was written, whether to stop there. Defaults to never. */
  isEnough?: () => boolean
  /** Is told how many items are being answered. */
  onRunning?: (count: number) => void
  clock?: Clock
}

/** What `answer` throws when no other item can be answered either. The run ends with the reason. */
export class RunEnded extends Error {
  override readonly name = 'RunEnded'

  constructor(readonly reason: NnError) {
    super(reason.message, {cause: reason})
  }
}

/** `stopped` by the signal, or because it was `enough`. */
export type BatchOutcome = 'complete' | 'stopped' | 'enough'

/**
 * Answers items and writes how each ended, exactly once. What a model or a file is, only `answer` and `write` know.
 * Items are read no faster than they are answered and written: memory does not grow with their number.
 *
 * An answer that fails ends its item alone. @throws what reading or writing throws, and the reason of a `RunEnded`; what
 * is being answered is aborted then, and not written.
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
  // Every item that waits to be tried again listens.
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
    // It was given up unanswered: a later run begins with it.
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
