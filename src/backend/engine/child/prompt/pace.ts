import {setImmediate as nextTurn} from 'node:timers/promises'

/** Work that takes longer lets the answers' steps in between, in milliseconds. A step of the smallest model takes two. */
const longestMs = 2

/** Divides long work of the engine's thread into short parts. */
export class Pace {
  private until = performance.now() + longestMs

  constructor(private readonly signal?: AbortSignal) {}

  /** Whether the work should pause. */
  get isDue(): boolean {
    return performance.now() >= this.until
  }

  /** Lets everything else run. @throws the signal's reason */
  async pause(): Promise<void> {
    await nextTurn()
    this.signal?.throwIfAborted()
    this.until = performance.now() + longestMs
  }
}

/** Runs a generator to its end, with pauses where it yields. */
export async function paced<Result>(work: Generator<undefined, Result>, pace: Pace): Promise<Result> {
  let step = work.next()
  while (step.done !== true) {
    if (pace.isDue) await pace.pause()
    step = work.next()
  }
  return step.value
}
