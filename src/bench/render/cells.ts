import type {Series} from '../result.js'

/**
 * Four digits of a rate, three of a time, which matches the precision of the measurements. `2,063`, `141.2`, `7.85`,
 * `0.412`.
 */
export function figure(value: number): string {
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(1)
  return size >= 1 || size === 0 ? value.toFixed(2) : value.toFixed(3)
}

/** The median with its interval: `141.2 (139.0 to 143.1)`. */
export function withInterval({summary: {median, ci_low, ci_high}}: Pick<Series, 'summary'>): string {
  return `${figure(median)} (${figure(ci_low)} to ${figure(ci_high)})`
}

/** `ttft, ms`. */
export function metricTitle({metric, unit}: Pick<Series, 'metric' | 'unit'>): string {
  return `${metric}, ${unit}`
}
