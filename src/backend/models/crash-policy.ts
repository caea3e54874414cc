import type {Clock} from '../../system/clock.js'

/** After this many crashes within `windowMs` the model is not restarted. */
export const mostCrashes = 5
const windowMs = 60_000
const firstDelayMs = 100

/**
 * When to restart an engine that died: at once after the first crash, then after 100 ms, 200 ms and so on, and never
 * after five crashes in a minute. Crashes are forgotten after a minute, and those that a request caused are forgiven.
 */
export class CrashPolicy {
  private crashes: number[] = []
  private givenUp = false
  /** Since the model was loaded. */
  total = 0
  private lastAt: number | undefined

  constructor(private readonly clock: Clock) {}

  /** @param forgiven whether a request caused it, so that it does not count */
  crashed(forgiven = false): void {
    this.total++
    this.lastAt = this.clock.now()
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
    const {length} = this.recent
    return length <= 1 ? 0 : firstDelayMs * 2 ** (length - 2)
  }

  private get recent(): number[] {
    const now = this.clock.now()
    return this.crashes.filter((at) => now - at < windowMs)
  }
}
