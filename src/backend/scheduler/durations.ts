import {createHistogram} from 'node:perf_hooks'
import type {DurationSummary} from '../contract/status.js'

/** Records durations; gives percentiles in constant memory, exact to 0.1 %. */
export class Durations {
  /** Microseconds from 1 on, because the histogram cannot record 0. */
  private readonly histogram = createHistogram()

  record(ms: number): void {
    this.histogram.record(Math.max(1, Math.round(ms * 1000)))
  }

  summary(): DurationSummary {
    const {histogram} = this
    if (histogram.count === 0) return {count: 0, p50: 0, p95: 0, p99: 0, max: 0}
    const percentile = (percent: number): number => histogram.percentile(percent) / 1000
    return {
      count: histogram.count,
      ...{p50: percentile(50), p95: percentile(95), p99: percentile(99), max: histogram.max / 1000},
    }
  }
}
