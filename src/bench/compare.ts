import {NnError} from '../errors.js'
import {percent, shownChange} from './change.js'
import type {BenchResult, Comparison, Ratio, Series, Test, Verdict} from './result.js'
import {ratioInterval, type Bootstrap} from './statistics.js'
import {plural} from '../terminal/units.js'

/** With fewer values an interval is too uncertain for a verdict. */
export const fewestValues = 5

type Compared = Pick<Series, 'better' | 'values' | 'summary'>
type Columns = Pick<BenchResult, 'series' | 'subjects'>
type Judged = Pick<Verdict, 'change' | 'ci_low' | 'ci_high' | 'verdict' | 'reason'>

/**
 * Compares one metric with its baseline. The change is the ratio of the medians minus 1, with the sign chosen so that
 * above 0 is better; its interval is bootstrapped. With `limit` as a fraction:
 *
 * - `worse`: the change is below `-limit`, and the whole interval below 0, so that noise alone does not explain it;
 * - `better`: the change is above `limit`, and the whole interval above 0;
 * - `same`: the whole interval is within `-limit` and `limit`;
 * - `inconclusive`: anything else, or fewer than five values on either side.
 *
 * Kalibera and Jones (Rigorous Benchmarking in Reasonable Time, 2013) recommend intervals of the size of a change
 * instead of a significance test.
 */
export function judge(before: Compared, now: Compared, limit: number, bootstrap: Bootstrap): Judged {
  const [above, below] = now.better === 'higher' ? [now, before] : [before, now]
  if (below.values.some((value) => !(value > 0))) return judgeZero(before, now)
  const change = above.summary.median / below.summary.median - 1
  const [low, high] = ratioInterval(above.values, below.values, bootstrap)
  const measured = {change, ci_low: low - 1, ci_high: high - 1}
  return {...measured, ...verdictOf(measured, Math.min(before.values.length, now.values.length), limit, now.better)}
}

/** For example `downtime`, which is normally 0. */
function judgeZero(before: Compared, now: Compared): Judged {
  const none = {change: 0, ci_low: 0, ci_high: 0}
  return [...before.values, ...now.values].every((value) => value === 0)
    ? {...none, verdict: 'same', reason: 'It is 0 in both.'}
    : {...none, verdict: 'inconclusive', reason: 'The baseline is 0, so there is no ratio.'}
}

/** The same for the ratio of a metric to that of the first subject, round by round. */
export function judgeRatio({n, ratio, ci_low, ci_high}: Ratio, better: Series['better'], limit: number): Judged {
  const measured =
    better === 'higher'
      ? {change: ratio - 1, ci_low: ci_low - 1, ci_high: ci_high - 1}
      : {change: 1 / ratio - 1, ci_low: 1 / ci_high - 1, ci_high: 1 / ci_low - 1}
  return {...measured, ...verdictOf(measured, n, limit, better)}
}

function verdictOf(
  measured: Pick<Verdict, 'change' | 'ci_low' | 'ci_high'>,
  values: number,
  limit: number,
  better: Series['better'],
): Pick<Verdict, 'verdict' | 'reason'> {
  const {change, ci_low: low, ci_high: high} = measured
  if (values < fewestValues) {
    return {
      verdict: 'inconclusive',
      reason: `There ${values === 1 ? 'is' : 'are'} ${plural(values, 'value')}; a verdict needs ${fewestValues}.`,
    }
  }
  const {change: shown, interval: range} = shownChange(measured, better)
  const allowed = percent(limit).slice(1)
  if (change < -limit && high < 0) {
    return {
      verdict: 'worse',
      reason: `The change of ${shown} exceeds ${allowed}, and its interval (${range}) excludes 0.`,
    }
  }
  if (change > limit && low > 0) {
    return {
      verdict: 'better',
      reason: `The change of ${shown} exceeds ${allowed}, and its interval (${range}) excludes 0.`,
    }
  }
  if (low >= -limit && high <= limit) return {verdict: 'same', reason: `The interval (${range}) is within ${allowed}.`}
  return {
    verdict: 'inconclusive',
    reason: `The interval (${range}) is too wide for a verdict. More repetitions narrow it.`,
  }
}

type Subjects = Pick<BenchResult, 'subjects'>

function isLone(before: Subjects, now: Subjects): boolean {
  return before.subjects.length === 1 && now.subjects.length === 1
}

/** @throws `invalid_argument` if the earlier result has none of the tests, because nothing could ever be worse */
export function checkComparable(
  before: Pick<BenchResult, 'series' | 'subjects' | 'tests'>,
  planned: Pick<BenchResult, 'subjects'> & {tests: readonly Test[]},
  file: string,
): void {
  const [subjects, tests] = [planned.subjects, planned.tests].map((all) => new Set(all.map(({name}) => name)))
  const isPlanned = ({subject, test}: Series): boolean =>
    tests?.has(test) === true && (isLone(before, planned) || subjects?.has(subject) === true)
  if (before.series.some(isPlanned)) return
  const [had, names] = [before.subjects, before.tests].map((all) => all.map(({name}) => name).join(', '))
  throw new NnError('invalid_argument', `${file} has no matching test: it has ${names} of ${had}.`, {
    hint: 'Measure the same tests (the same -p, -n, -d and --concurrency) on models with the same names.',
  })
}

/**
 * Compares what both results have: the same subject, test and metric. If each has only one subject, their names may
 * differ.
 */
export function compareResults(
  before: Pick<BenchResult, 'date' | 'series' | 'subjects'>,
  now: Columns,
  {file, limit, bootstrap}: {file: string; limit: number; bootstrap: Bootstrap},
): Comparison {
  const lone = isLone(before, now) ? now.subjects[0]?.name : undefined
  const old = new Map(before.series.map((series) => [keyOf({...series, subject: lone ?? series.subject}), series]))
  const fresh = new Set(now.series.map(keyOf))
  const verdicts = now.series.flatMap((series) => {
    const other = old.get(keyOf(series))
    return other === undefined ? [] : [{...titleOf(other, series), ...judge(other, series, limit, bootstrap)}]
  })
  const missing = [...new Set([...old.keys(), ...fresh])].filter((key) => !old.has(key) || !fresh.has(key))
  return {baseline: file, baseline_date: before.date, max_regression: limit, verdicts, missing}
}

/** Compares every other subject of a run with the first one, round by round. */
export function compareWithFirst({series, subjects}: Columns, limit: number, bootstrap: Bootstrap): Comparison {
  const [first, ...others] = subjects.map(({name}) => name)
  const base = series.filter(({subject}) => subject === first)
  const verdicts: Verdict[] = []
  const missing: string[] = []
  for (const name of others) {
    const own = new Map(series.filter(({subject}) => subject === name).map((one) => [metricOf(one), one]))
    for (const before of base) {
      const now = own.get(metricOf(before))
      own.delete(metricOf(before))
      if (now === undefined) missing.push(keyOf({...before, subject: name}))
      else verdicts.push({...titleOf(before, now), ...judgeWithin(before, now, limit, bootstrap)})
    }
    missing.push(...[...own.values()].map(keyOf))
  }
  return {baseline: first ?? '', baseline_date: null, max_regression: limit, verdicts, missing}
}

/** Without a ratio, a value is 0, which `judge` handles, or there is no common round. */
function judgeWithin(before: Series, now: Series, limit: number, bootstrap: Bootstrap): Judged {
  return now.to_first === null ? judge(before, now, limit, bootstrap) : judgeRatio(now.to_first, now.better, limit)
}

function titleOf(before: Series, now: Series): Pick<Verdict, 'subject' | 'test' | 'metric' | 'baseline' | 'current'> {
  const {subject, test, metric} = now
  return {subject, test, metric, baseline: medianOf(before), current: medianOf(now)}
}

function metricOf({test, metric}: Pick<Series, 'test' | 'metric'>): string {
  return `${test}, ${metric}`
}

function keyOf({subject, ...series}: Series): string {
  return `${subject}, ${metricOf(series)}`
}

function medianOf({summary: {n, median}}: Series): Verdict['baseline'] {
  return {n, median}
}
