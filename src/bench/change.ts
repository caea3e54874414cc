import type {Series, Verdict} from './result.js'

/** `+3.2 %`, `-10.0 %`. */
export function percent(fraction: number): string {
  const text = (fraction * 100).toFixed(1)
  return `${fraction < 0 || text.startsWith('-') ? '' : '+'}${text} %`
}

/** How much a value grew, in percent, or as a factor from the double on: `-20.0 %`, `+12.5 %`, `× 83.3`. */
export function growth(ratio: number): string {
  if (ratio < 2) return percent(ratio - 1)
  return `× ${Number.isFinite(ratio) ? ratio.toFixed(ratio < 10 ? 2 : ratio < 100 ? 1 : 0) : '∞'}`
}

/**
 * A change as people read it: by how much the value itself grew, with its interval. In a verdict more than 0 is better,
 * so a time that doubles is -50 % there; here it is × 2.00.
 */
export function shownChange(
  {change, ci_low, ci_high}: Pick<Verdict, 'change' | 'ci_low' | 'ci_high'>,
  better: Series['better'],
): {change: string; interval: string} {
  const [middle, from, to] =
    better === 'higher'
      ? [1 + change, 1 + ci_low, 1 + ci_high]
      : [1 / (1 + change), 1 / (1 + ci_high), 1 / (1 + ci_low)]
  return {change: growth(middle), interval: `${growth(from)} to ${growth(to)}`}
}
