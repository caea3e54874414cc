import {setImmediate} from 'node:timers/promises'

/** Work in pieces of some microseconds: it yields wherever it may be interrupted. */
export type Pieces<Result> = Generator<undefined, Result, undefined>

/** How long work may hold up the event loop, in milliseconds. */
const sliceMs = 4
/** Works that run at the same time; this bounds the memory that they need. */
const mostAtOnce = 2

/** Does the work and lets the event loop run between its slices. */
export async function inSlices<Result>(work: Pieces<Result>): Promise<Result> {
  for (;;) {
    const done = slice(work)
    if (done !== undefined) return done.result
    await setImmediate()
  }
}

/** Does the work without a pause. */
export function atOnce<Result>(work: Pieces<Result>): Result {
  for (;;) {
    const {done, value} = work.next()
    if (done === true) return value
  }
}

function slice<Result>(work: Pieces<Result>): {result: Result} | undefined {
  const until = performance.now() + sliceMs
  do {
    const {done, value} = work.next()
    if (done === true) return {result: value}
  } while (performance.now() < until)
  return undefined
}

/** Does several works in turns, so that together they hold up the event loop no longer than one. */
export class Turns {
  private readonly waiting: (() => boolean)[] = []
  private isRunning = false

  do<Result>(work: Pieces<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        try {
          const done = slice(work)
          if (done !== undefined) resolve(done.result)
          return done !== undefined
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
          return true
        }
      })
      if (!this.isRunning) void this.run()
    })
  }

  private async run(): Promise<void> {
    this.isRunning = true
    for (let turn = 0; this.waiting.length > 0; turn++) {
      const index = turn % Math.min(mostAtOnce, this.waiting.length)
      if (this.waiting[index]?.() === true) this.waiting.splice(index, 1)
      await setImmediate()
    }
    this.isRunning = false
  }
}
