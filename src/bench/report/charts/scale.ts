import {extent, nice, tickStep, ticks} from 'd3-array'

export interface Tick {
  value: number
  label: string
}

/** Values to places on an axis, in units of the drawing, and what is written along it. */
export interface Scale {
  place: (value: number) => number
  ticks: readonly Tick[]
}

/** Where an axis begins and ends in the drawing. */
export type Span = readonly [from: number, to: number]

/**
 * A linear axis from and to round numbers, with about `count` ticks. It begins at 0 with `fromZero`, and also by itself when the
 * values are not close together: an axis that begins elsewhere makes a small difference look large.
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

/** A logarithmic axis with ticks at the values themselves, which are above 0. */
export function logScale(values: readonly number[], span: Span): Scale {
  const low = Math.log(Math.min(...values))
  const width = Math.log(Math.max(...values)) - low
  return {
    place: (value) => between(span, width === 0 ? 0.5 : (Math.log(value) - low) / width),
    ticks: values.map((value) => ({value, label: tickLabel(value, 1)})),
  }
}

/** Of ticks that would be written over each other only some, the first always. */
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
