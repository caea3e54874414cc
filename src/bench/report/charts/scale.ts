import {extent, nice, range, tickStep, ticks} from 'd3-array'

export interface Tick {
  value: number
  label: string
}

/** Maps values to positions on an axis, in units of the chart, with the tick labels. */
export interface Scale {
  place: (value: number) => number
  ticks: readonly Tick[]
}

/** Start and end of an axis in the chart. */
export type Span = readonly [from: number, to: number]

/**
 * A linear axis from and to round numbers, with about `count` ticks. It starts at 0 with `fromZero`, and automatically
 * if the values are not close together, because any other start makes a small difference look large.
 */
export function linearScale(values: readonly number[], span: Span, {count = 5, fromZero = false} = {}): Scale {
  const [low, high] = widened(values, fromZero)
  const [first, last] = nice(low, high, count)
  const step = tickStep(first, last, count)
  return {
    place: (value) => between(span, (value - first) / (last - first)),
    ticks: ticks(first, last, count).map((value) => ({value, label: tickLabel(value, step)})),
  }
}

/** A logarithmic axis over values above 0, with round numbers as ticks. */
export function logScale(values: readonly number[], span: Span): Scale {
  const [low = 1, high = 1] = extent(values)
  const width = Math.log(high / low)
  return {
    place: (value) => between(span, width === 0 ? 0.5 : Math.log(value / low) / width),
    ticks: roundSteps(low, high).map((value) => ({value, label: tickLabel(value, Math.min(1, value))})),
  }
}

/** The axis with ticks at whole numbers that were measured, and nowhere else. */
export function withTicks({place}: Scale, values: readonly number[]): Scale {
  return {place, ticks: values.map((value) => ({value, label: tickLabel(value, 1)}))}
}

/** An axis of changes as fractions above -1, by their ratio: half is as far from 0 as double. Ticks are in percent. */
export function changeScale(fractions: readonly number[], span: Span): Scale {
  const [low = 1, high = 1] = extent(fractions.map(ratioOf))
  const {place} = logScale([low, high], span)
  const values =
    high / low < 3
      ? ticks((low - 1) * 100, (high - 1) * 100, 5).map((percent) => percent / 100)
      : roundSteps(low, high).map((ratio) => ratio - 1)
  return {
    place: (fraction) => place(ratioOf(fraction)),
    ticks: values.map((value) => {
      const label = (value * 100).toLocaleString('en-US', {maximumFractionDigits: 2, signDisplay: 'exceptZero'})
      return {value, label: `${label} %`}
    }),
  }
}

/** A time of 0 is a change of -100 %, which a logarithmic scale cannot show: it is placed at the end. */
function ratioOf(change: number): number {
  return Math.max(0.01, 1 + change)
}

/** 1, 2, 5, 10, … between two numbers above 0; over a wide range 1, 10, 100, … */
function roundSteps(low: number, high: number): number[] {
  const steps = high / low > 200 ? [1] : [1, 2, 5]
  const decades = range(Math.floor(Math.log10(low)), Math.ceil(Math.log10(high)) + 1)
  const inside = (value: number): boolean => value >= low && value <= high
  // Parsed instead of multiplied, so that 0.001 is exact.
  return decades.flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`))).filter(inside)
}

/** Drops tick labels that would overlap, never the first. */
export function sparse({place, ticks: all}: Scale, letterWidth = 7): Tick[] {
  let free = -Infinity
  return all.filter(({value, label}) => {
    const half = (label.length * letterWidth) / 2
    if (place(value) - half < free) return false
    free = place(value) + half + letterWidth
    return true
  })
}

function widened(values: readonly number[], fromZero: boolean): [low: number, high: number] {
  const [least = 0, most = 0] = extent(values)
  const [low, high] = least > 0 && (fromZero || least < most / 3) ? [0, most] : [least, most]
  if (low < high) return [low, high]
  return low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, low + Math.abs(low) * 0.1]
}

function between([from, to]: Span, share: number): number {
  return from + share * (to - from)
}

function tickLabel(value: number, step: number): string {
  const digits = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))
  return value.toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits})
}
