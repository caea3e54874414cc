import {tableOrList} from '../../terminal/fit.js'
import {plural} from '../../terminal/units.js'
import {growth} from '../change.js'
import type {BenchResult, Series} from '../result.js'
import {figure, metricTitle} from './cells.js'

const blocks = '▁▂▃▄▅▆▇█'

/** The trend of each metric over the runs, the oldest first, for a terminal of this width. */
export function renderTrend(results: readonly BenchResult[], width = Infinity): string {
  const trend = tableOrList(trendRows(results), {width, titles: 3})
  return [`${plural(results.length, 'run')}, ${spanOf(results)}`, '', ...trend].join('\n')
}

/** Table rows, header first: first and last median, the change, and a sparkline. */
export function trendRows(results: readonly BenchResult[]): string[][] {
  const keys = new Map<string, Series>()
  for (const {series} of results) for (const one of series) keys.set(keyOf(one), one)
  const rows = [...keys].map(([key, {subject, test, metric, unit, better}]) => {
    const medians = results.flatMap(({series}) => series.find((one) => keyOf(one) === key)?.summary.median ?? [])
    const [first = NaN, last = NaN] = [medians[0], medians.at(-1)]
    return [
      ...[subject, test, metricTitle({metric, unit}), String(medians.length), figure(first), figure(last)],
      ...[medians.length < 2 ? '' : changeOf(last / first, better), blockLine(medians)],
    ]
  })
  const header = ['subject', 'test', 'metric', 'runs', 'first', 'last', 'change', 'medians']
  return [header, ...rows]
}

function changeOf(ratio: number, better: Series['better']): string {
  if (!Number.isFinite(ratio) || ratio === 0) return ''
  const text = growth(ratio)
  if (growth(1) === text) return text
  return `${text}, ${ratio > 1 === (better === 'higher') ? 'better' : 'worse'}`
}

/** A sparkline from the smallest to the largest value; equal values are in the middle. At most the last 40. */
export function blockLine(values: readonly number[]): string {
  const shown = values.slice(-40)
  const [least, most] = [Math.min(...shown), Math.max(...shown)]
  return shown
    .map((value) => blocks[most === least ? 3 : Math.round(((value - least) / (most - least)) * 7)] ?? '')
    .join('')
}

function spanOf(results: readonly BenchResult[]): string {
  const [first, last] = [results[0]?.date, results.at(-1)?.date]
  return first === last ? (first ?? 'none') : `${first ?? ''} to ${last ?? ''}`
}

function keyOf({subject, test, metric}: Series): string {
  return `${subject}\n${test}\n${metric}`
}
