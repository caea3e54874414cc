import {shownChange} from '../change.js'
import {betterOf} from '../metrics.js'
import type {BenchResult, Comparison, Ratio, Series, Subject} from '../result.js'
import {figure, metricTitle, withInterval} from './cells.js'

/** The figures as rows of a table, header first; a column for each subject. */
export function figureRows({series, subjects}: Pick<BenchResult, 'series' | 'subjects'>): string[][] {
  const [first, ...others] = subjects
  if (first === undefined) return []
  return others.length === 0 ? aloneRows(series) : besideRows(series, first, others)
}

/** One subject has room for the whole distribution. */
function aloneRows(series: readonly Series[]): string[][] {
  return [
    ['test', 'metric', 'median', '95 % interval', 'p95', 'min', 'max', 'n'],
    ...series.map(({test, metric, unit, summary}) => [
      ...[test, metricTitle({metric, unit}), figure(summary.median)],
      `${figure(summary.ci_low)} to ${figure(summary.ci_high)}`,
      ...[figure(summary.p95), figure(summary.min), figure(summary.max), String(summary.n)],
    ]),
  ]
}

/** Several subjects have a column each, followed by the ratio to the first one, round by round. */
function besideRows(series: readonly Series[], first: Subject, others: readonly Subject[]): string[][] {
  const lines = [...new Map(series.map((one) => [`${one.test} ${one.metric}`, one])).values()]
  return [
    ['test', 'metric', first.name, ...others.flatMap(({name}) => [name, 'to the first'])],
    ...lines.map((line) => {
      const cell = ({name}: Subject): Series | undefined =>
        series.find(({subject, test, metric}) => subject === name && test === line.test && metric === line.metric)
      const base = cell(first)
      return [
        ...[line.test, metricTitle(line), base === undefined ? '–' : withInterval(base)],
        ...others.flatMap((other) => {
          const own = cell(other)
          return own === undefined ? ['–', ''] : [withInterval(own), ratio(own.to_first)]
        }),
      ]
    }),
  ]
}

function ratio(toFirst: Ratio | null): string {
  if (toFirst === null) return ''
  const [middle, low, high] = [toFirst.ratio, toFirst.ci_low, toFirst.ci_high].map((value) => value.toFixed(3))
  return `× ${middle} (${low} to ${high})`
}

/** `Against before.json of 2026-01-02T03:04:05.000Z`, `Against model.gguf, round by round`. */
export function comparisonTitle({baseline, baseline_date: date}: Comparison): string {
  return `Against ${baseline}${date === null ? ', round by round' : ` of ${date}`}`
}

/** The verdicts against the baseline as rows, header first. */
export function verdictRows({comparison}: Pick<BenchResult, 'comparison'>): string[][] {
  if (comparison === null) return []
  return [
    ['subject', 'test', 'metric', 'baseline', 'now', 'change', '95 % interval', 'verdict'],
    ...comparison.verdicts.map((one) => {
      const {subject, test, metric, baseline, current, verdict} = one
      const {change, interval} = shownChange(one, betterOf(metric))
      return [subject, test, metric, figure(baseline.median), figure(current.median), change, interval, verdict]
    }),
  ]
}
