import type {Clock} from '../../src/system/clock.js'

/** Lets everything run that is only waiting for its turn. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  private timers: {at: number; callback: () => void}[] = []

  constructor(private time = 0) {}

  now(): number {
    return this.time
  }

  after(ms: number, callback: () => void): () => void {
    const timer = {at: this.time + ms, callback}
    this.timers.push(timer)
    return () => (this.timers = this.timers.filter((other) => other !== timer))
  }

  /** How many callbacks are to come. */
  get pending(): number {
    return this.timers.length
  }

  /** Moves it on, with a stop at each callback that is due, until all that follows from that has happened. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms
    await settled()
    for (;;) {
      const [next] = this.timers.filter(({at}) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.timers = this.timers.filter((timer) => timer !== next)
      this.time = Math.max(this.time, next.at)
      next.callback()
      await settled()
    }
    this.time = end
  }
}
