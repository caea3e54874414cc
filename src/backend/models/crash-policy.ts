import type {Clock} from '../../system/clock.js'

/** After this many crashes within `windowMs` the model is not restarted. */
export const mostCrashes = 5
const windowMs = 60_000
const firstDelayMs = 100
const longestDelayMs = 10_000

/**
 * When to restart an engine that died: at once after the first crash, then after 100 ms, 200 ms and so on, and never
 * after five crashes in a minute. Crashes are forgotten after a minute, and those that a request caused are forgiven.
 */
export class CrashPolicy {
  private crashes: number[] = []
  private givenUp = false
  /** Those that do not count as well: restarts after them are not faster than after others. */
  private all: number[] = []
  /** Since the model was loaded. */
  total = 0
  private lastAt: number | undefined

  constructor(private readonly clock: Clock) {}

  /** @param forgiven whether a request caused it, so that it does not count */
  crashed(forgiven = false): void {
    this.total++
    this.lastAt = this.clock.now()
    this.all = [...recent(this.all, this.lastAt), this.lastAt]
    this.crashes = forgiven ? this.recent : [...this.recent, this.lastAt]
    this.givenUp ||= this.crashes.length >= mostCrashes
  }

  /** A request caused the crashes of these times. */
  forgive(times: readonly number[]): void {
    this.crashes = this.crashes.filter((at) => !times.includes(at))
  }

  /** Milliseconds since the last crash; `undefined` when there was none. */
  get sinceLastMs(): number | undefined {
    return this.lastAt === undefined ? undefined : this.clock.now() - this.lastAt
  }

  /** It crashed too often and is not restarted. */
  get failed(): boolean {
    return this.givenUp
  }

  /** Milliseconds to wait before the next start. */
  get delayMs(): number {
    const {length} = recent(this.all, this.clock.now())
    return length <= 1 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (length - 2))
  }

  private get recent(): number[] {
    return recent(this.crashes, this.clock.now())
  }
}

function recent(times: readonly number[], now: number): number[] {
  return times.filter((at) => now - at < windowMs)
}
