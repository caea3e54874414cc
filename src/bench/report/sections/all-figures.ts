import {figure} from '../../render/cells.js'
import type {BenchResult} from '../../result.js'
import {markup} from '../markup.js'
import {metricTitle, metricsIn} from '../names.js'
import type {Section} from './section.js'
import {dataTable} from './table.js'

/** Every metric with its statistics, and what the metrics are. */
export function allFiguresSection({series, settings}: BenchResult): Section {
  const metrics = metricsIn(series)
  const tests = [...new Set(series.map(({test}) => test))]
  const columns = [
    ...['test', 'metric', 'subject'].map((title) => ({title})),
    ...['n', 'median', `${interval(settings)} interval`, 'p95', 'min', 'max', 'mean', 'stdev'].map((title) => ({
      ...{title, kind: 'number' as const},
    })),
  ]
  const sorted = tests.flatMap((name) =>
    metrics.flatMap(({metric}) => series.filter((one) => one.test === name && one.metric === metric)),
  )
  const rows = sorted.map(({test, metric, unit, subject, summary}) => {
    const {n, median, ci_low, ci_high, p95, min, max, mean, stdev} = summary
    return [
      ...[test, `${metric}, ${unit}`, subject, n, figure(median), `${figure(ci_low)} to ${figure(ci_high)}`],
      ...[...[p95, min, max, mean].map(figure), n > 1 ? figure(stdev) : '–'],
    ]
  })
  const meanings = metrics.map(
    ({metric, better}) => markup`<div><dt>${metric}</dt><dd>${metricTitle(metric)}; ${better} is better</dd></div>`,
  )
  return {
    id: 'figures',
    title: 'All figures',
    body:
      series.length === 0
        ? markup`<p>Nothing was measured.</p>`
        : markup`${dataTable('Statistics of the repetitions', columns, rows, 3)}<dl class="meanings">${meanings}</dl>`,
  }
}

/** `95 %`. */
export function interval({confidence}: Pick<BenchResult['settings'], 'confidence'>): string {
  return `${Math.round(confidence * 1000) / 10} %`
}
