import {mean, medianSorted, quantileSorted, sampleStandardDeviation, sampleWithReplacement} from 'simple-statistics'
import {seededRandom} from '../system/random.js'
import type {Ratio, Summary} from './result.js'

/** Settings of intervals. */
export interface Bootstrap {
  /** Fraction of intervals that hold the true value, as 0.95. */
  confidence: number
  /** Number of resamples. */
  resamples: number
  seed: number
}

/** Statistics of at least one value. Quantiles are interpolated: type 7 of Hyndman and Fan (1996), as in R and NumPy. */
export function summarize(values: readonly number[], bootstrap: Bootstrap): Summary {
  const sorted = toSorted(values)
  const [low, high] = medianInterval(values, bootstrap)
  return {
    n: values.length,
    median: medianSorted(sorted),
    ci_low: low,
    ci_high: high,
    p95: quantileSorted(sorted, 0.95),
    min: sorted[0] ?? NaN,
    max: sorted.at(-1) ?? NaN,
    mean: mean([...values]),
    stdev: values.length > 1 ? sampleStandardDeviation([...values]) : 0,
  }
}

export function median(values: readonly number[]): number {
  return medianSorted(toSorted(values))
}

/** The value that a fraction of all values does not exceed. */
export function quantile(values: readonly number[], fraction: number): number {
  return quantileSorted(toSorted(values), fraction)
}

/** Percentile bootstrap interval of the median (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). */
export function medianInterval(values: readonly number[], bootstrap: Bootstrap): [low: number, high: number] {
  const random = seededRandom(bootstrap.seed)
  return interval(
    draw(bootstrap, () => medianOfDrawing(values, random)),
    bootstrap.confidence,
  )
}

/** The same for the ratio of two medians, `above` to `below`, each resampled separately. */
export function ratioInterval(
  above: readonly number[],
  below: readonly number[],
  bootstrap: Bootstrap,
): [low: number, high: number] {
  const random = seededRandom(bootstrap.seed)
  return interval(
    draw(bootstrap, () => medianOfDrawing(above, random) / medianOfDrawing(below, random)),
    bootstrap.confidence,
  )
}

/**
 * The ratio of `above` to `below`, measured in the same rounds: the median of the ratios of the rounds, with its
 * interval. Effects that a round has on both, such as a slow machine, cancel out.
 */
export function pairedRatio(
  pairs: readonly (readonly [above: number, below: number])[],
  bootstrap: Bootstrap,
): Omit<Ratio, 'n'> {
  const ratios = pairs.map(([above, below]) => above / below)
  const [low, high] = medianInterval(ratios, bootstrap)
  return {ratio: median(ratios), ci_low: low, ci_high: high}
}

function draw({resamples}: Bootstrap, one: () => number): number[] {
  return Array.from({length: resamples}, one)
}

function medianOfDrawing(values: readonly number[], random: () => number): number {
  return median(sampleWithReplacement([...values], values.length, random))
}

function interval(drawn: readonly number[], confidence: number): [low: number, high: number] {
  const tail = (1 - confidence) / 2
  return [quantile(drawn, tail), quantile(drawn, 1 - tail)]
}

function toSorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b)
}
