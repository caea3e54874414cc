import {median} from '../engine/table.js'

/** One run of all clients at once. */
export interface Run {
  wallMs: number
  /** Of each client, from its request to its first token. */
  ttftMs: number[]
}

/** The figures of one way, in process or over HTTP. */
export class Samples {
  readonly perSecond: number[] = []
  /** Tokens per second of the engine's processor time, which other programs do not change. */
  readonly perCpuSecond: number[] = []
  private readonly cpuPerToken: number[] = []
  private readonly ttftMs: number[] = []

  add(runs: readonly Run[], cpu: {host: number; engine: number}, tokens: number): void {
    const wallMs = runs.reduce((sum, run) => sum + run.wallMs, 0)
    this.perSecond.push((runs.length * tokens * 1000) / wallMs)
    this.perCpuSecond.push((runs.length * tokens * 1000) / cpu.engine)
    this.cpuPerToken.push(cpu.host / (runs.length * tokens))
    this.ttftMs.push(...runs.flatMap((run) => run.ttftMs))
  }

  get speed(): number {
    return median(this.perSecond)
  }

  get cost(): number {
    return median(this.cpuPerToken)
  }

  get p95(): number {
    const sorted = [...this.ttftMs].sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.95) - 1)] ?? NaN
  }
}
