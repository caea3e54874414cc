import {realClock, type Clock} from '../../../system/clock.js'
import type {CpuTime} from '../cpu-time.js'

/** Times are milliseconds. */
export interface HeartbeatLimits {
  /** Interval between two checks of the engine. */
  beatMs: number
  /** How long it may neither send a message nor use the CPU. */
  silentMs: number
  /** How long it may use the CPU without sending a message, or decode without using the CPU. */
  busyMs: number
}

/**
 * An engine answers in every turn of its event loop. Decodes do not block the loop, and anything else that blocks it
 * uses the CPU: 15 s with neither means a stopped or deadlocked process. A single decode, or a text of megabytes, may
 * take one to two minutes on a few cores.
 */
const heartbeatLimits: HeartbeatLimits = {beatMs: 3000, silentMs: 15_000, busyMs: 300_000}

/** The watched process. */
export interface Watched {
  /** Sends a ping; the answer must be passed to `heard`. */
  ping: () => void
  /** CPU time; `undefined` if unknown, then only `busyMs` counts. */
  cpuTime: () => CpuTime | undefined
  /** Called once, with the reason. */
  hung: (why: string) => void
}

/**
 * Distinguishes an engine that hangs from one that is busy. Time in which this process or the whole machine was
 * suspended does not count, because messages could not arrive.
 */
export class Heartbeat {
  private lookedAt: number
  private heardAt: number
  private computedAt: number
  private ticks: number | undefined
  private decodingMs = 0
  /**
   * Until then a driver or a disk may block it, so only `busyMs` counts: if it were killed, it could never be loaded.
   */
  isLoaded = false
  /** Whether it computed between the last two checks. */
  isComputing = false
  private cancel: () => void = () => undefined

  constructor(
    private readonly watched: Watched,
    private readonly limits: HeartbeatLimits = heartbeatLimits,
    private readonly clock: Clock = realClock,
  ) {
    this.lookedAt = this.heardAt = this.computedAt = clock.now()
    this.next()
  }

  /** Called for each message; `decodingMs` is how long its current decode has run, if the message says so. */
  heard(decodingMs = this.decodingMs): void {
    this.heardAt = this.clock.now()
    this.decodingMs = decodingMs
  }

  stop(): void {
    this.cancel()
  }

  private next(): void {
    this.cancel = this.clock.after(this.limits.beatMs, () => this.beat(), {unref: true})
  }

  private beat(): void {
    const now = this.clock.now()
    const stoodStill = now - this.lookedAt > 2 * this.limits.beatMs
    this.lookedAt = now
    if (stoodStill) this.heardAt = this.computedAt = now
    this.isComputing = this.look()
    if (this.isComputing) this.computedAt = now
    const why = this.verdict(now)
    if (why !== undefined) {
      this.watched.hung(why)
      return
    }
    this.watched.ping()
    this.next()
  }

  private look(): boolean {
    const cpu = this.watched.cpuTime()
    const isComputing = cpu === undefined || cpu.waitsForDisk || cpu.ticks !== this.ticks
    this.ticks = cpu?.ticks
    return isComputing
  }

  private verdict(now: number): string | undefined {
    const {silentMs, busyMs} = this.limits
    const silence = now - this.heardAt
    const quiet = Math.min(silence, now - this.computedAt)
    if (this.isLoaded && quiet >= silentMs) return `it has not answered and not computed for ${seconds(quiet)}`
    if (silence >= busyMs) return `it has not answered for ${seconds(silence)}`
    if (this.decodingMs >= busyMs && !this.isComputing) {
      return `a decode has run for ${seconds(this.decodingMs)} without using the CPU`
    }
    return undefined
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`
}
