import {realClock, type Clock} from '../../../system/clock.js'
import type {CpuTime} from '../cpu-time.js'

/** Times are milliseconds. */
export interface HeartbeatLimits {
  /** From one look at the engine to the next. */
  beatMs: number
  /** How long it may neither say anything nor compute. */
  silentMs: number
  /** How long it may compute without saying anything, or decode without computing. */
  busyMs: number
}

/**
 * An engine answers between any two turns of its event loop, which decodes do not hold up, and whatever else holds it
 * up computes: 15 s with neither is a process that was stopped or waits for itself. A single decode or a text of
 * megabytes may take a minute or two on a few cores.
 */
const heartbeatLimits: HeartbeatLimits = {beatMs: 3000, silentMs: 15_000, busyMs: 300_000}

/** The process that is watched. */
export interface Watched {
  /** Asks for a sign of life, to be told to `heard`. */
  ping: () => void
  /** `undefined` when it is not known; then only `busyMs` counts. */
  cpuTime: () => CpuTime | undefined
  /** Called once, with what gave it away. */
  hung: (why: string) => void
}

/**
 * Tells an engine that hangs from one that is busy. While this process or the whole machine stands still nothing is
 * held against the engine, which could not be heard.
 */
export class Heartbeat {
  private lookedAt: number
  private heardAt: number
  private computedAt: number
  private ticks: number | undefined
  private decodingMs = 0
  /** Until then a driver or a disk may keep it waiting, and only `busyMs` counts: killed, it could never be loaded. */
  isLoaded = false
  private cancel: () => void = () => undefined

  constructor(
    private readonly watched: Watched,
    private readonly limits: HeartbeatLimits = heartbeatLimits,
    private readonly clock: Clock = realClock,
  ) {
    this.lookedAt = this.heardAt = this.computedAt = clock.now()
    this.next()
  }

  /** It has said something, and how long its decode has taken by then if that was said, in milliseconds. */
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
    const isComputing = this.look()
    if (isComputing) this.computedAt = now
    const why = this.verdict(now, isComputing)
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

  private verdict(now: number, isComputing: boolean): string | undefined {
    const {silentMs, busyMs} = this.limits
    const silence = now - this.heardAt
    const quiet = Math.min(silence, now - this.computedAt)
    if (this.isLoaded && quiet >= silentMs) return `it has not answered and not computed for ${seconds(quiet)}`
    if (silence >= busyMs) return `it has not answered for ${seconds(silence)}`
    if (this.decodingMs >= busyMs && !isComputing) {
      return `a decode has run for ${seconds(this.decodingMs)} without using the CPU`
    }
    return undefined
  }
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`
}
