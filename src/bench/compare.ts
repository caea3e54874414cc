import type {BenchResult, Comparison, Series, Verdict} from './result.js'
import {ratioInterval, type Bootstrap} from './statistics.js'

/** With fewer values an interval says too little: no verdict is made of them. */
export const fewestValues = 5

type Compared = Pick<Series, 'better' | 'values' | 'summary'>
type Judged = Pick<Verdict, 'change' | 'ci_low' | 'ci_high' | 'verdict' | 'reason'>

/**
 * Judges one metric against what it was before. The change is the ratio of the medians less 1, turned so that more than 0 is
 * better; its interval is bootstrapped. With `limit` as a fraction:
 *
 * - `worse`: the change is below `-limit`, and the whole interval below 0, so that noise alone does not explain it;
 * - `better`: the change is above `limit`, and the whole interval above 0;
 * - `same`: the whole interval is within `-limit` and `limit`;
 * - `inconclusive`: anything else, or fewer than five values on either side.
 *
 * Intervals of the size of a change, instead of a test for whether there is one, are what Kalibera and Jones (Rigorous
 * Benchmarking in Reasonable Time, 2013) recommend.
 */
export function judge(before: Compared, now: Compared, limit: number, bootstrap: Bootstrap): Judged {
  const least = Math.min(...before.values, ...now.values)
  if (!(least > 0)) {
    return {change: 0, ci_low: 0, ci_high: 0, verdict: 'inconclusive', reason: 'There is no ratio to a time of 0.'}
  }
  const [above, below] = now.better === 'higher' ? [now, before] : [before, now]
  const change = above.summary.median / below.summary.median - 1
  const [low, high] = ratioInterval(above.values, below.values, bootstrap)
  const measured = {change, ci_low: low - 1, ci_high: high - 1}
  const fewest = Math.min(before.values.length, now.values.length)
  if (fewest < fewestValues) {
    const reason = `There are ${fewest} values; a verdict takes ${fewestValues}.`
    return {...measured, verdict: 'inconclusive', reason}
  }
  return {...measured, ...verdictOf(measured, limit)}
}

function verdictOf(
  {change, ci_low: low, ci_high: high}: Pick<Verdict, 'change' | 'ci_low' | 'ci_high'>,
  limit: number,
): Pick<Verdict, 'verdict' | 'reason'> {
  const range = `${percent(low)} to ${percent(high)}`
  const allowed = percent(limit).slice(1)
  if (change < -limit && high < 0) {
    return {verdict: 'worse', reason: `${percent(change)} is past ${allowed}, and ${range} leaves no room for none.`}
  }
  if (change > limit && low > 0) {
    return {verdict: 'better', reason: `${percent(change)} is past ${allowed}, and ${range} leaves no room for none.`}
  }
  if (low >= -limit && high <= limit) return {verdict: 'same', reason: `${range} is within ${allowed}.`}
  return {verdict: 'inconclusive', reason: `${range} says too little; more repetitions would narrow it.`}
}

/** Compares what both results have: the same subject, test and metric. Two lone subjects are compared whatever they are called. */
export function compareResults(
  before: Pick<BenchResult, 'date' | 'series' | 'subjects'>,
  now: Pick<BenchResult, 'series' | 'subjects'>,
  {file, limit, bootstrap}: {file: string; limit: number; bootstrap: Bootstrap},
): Comparison {
  const lone = before.subjects.length === 1 && now.subjects.length === 1 ? now.subjects[0]?.name : undefined
  const old = new Map(before.series.map((series) => [keyOf({...series, subject: lone ?? series.subject}), series]))
  const fresh = new Set(now.series.map(keyOf))
  const verdicts = now.series.flatMap((series) => {
    const other = old.get(keyOf(series))
    if (other === undefined) return []
    const {subject, test, metric} = series
    return [
      {
        ...{subject, test, metric, baseline: medianOf(other), current: medianOf(series)},
        ...judge(other, series, limit, bootstrap),
      },
    ]
  })
  const missing = [...new Set([...old.keys(), ...fresh])].filter((key) => !old.has(key) || !fresh.has(key))
  return {baseline: file, baseline_date: before.date, max_regression: limit, verdicts, missing}
}

function keyOf({subject, test, metric}: Series): string {
  return `${subject}, ${test}, ${metric}`
}

function medianOf({summary: {n, median}}: Series): Verdict['baseline'] {
  return {n, median}
}

/** `+3.2 %`, `-10.0 %`. */
export function percent(fraction: number): string {
  const text = (fraction * 100).toFixed(1)
  return `${fraction < 0 || text.startsWith('-') ? '' : '+'}${text} %`
}
