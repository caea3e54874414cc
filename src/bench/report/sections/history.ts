import {range} from 'd3-array'
import {trendRows} from '../../render/trend.js'
import type {BenchResult, Series} from '../../result.js'
import {figures, type Chart} from '../charts/figure.js'
import {lineChart, type Line} from '../charts/lines.js'
import {legend} from '../charts/marks.js'
import {linearScale, withTicks} from '../charts/scale.js'
import {markup, type Markup} from '../markup.js'
import {chartCaption, metricsIn, unitLabel} from '../names.js'
import type {Section} from './section.js'
import {day} from './summary.js'
import {dataTable} from './table.js'
import {plural} from '../../../terminal/units.js'

/** Maximum number of drawn runs: the last ones. */
export const mostRuns = 100

/** Each metric over the runs, the oldest first. */
export function historySection(all: readonly BenchResult[]): Section {
  const runs = all.slice(-mostRuns)
  // The last run comes first, so that its subjects look the same as in the rest of the page.
  const names = [...new Set(runs.toReversed().flatMap(({subjects}) => subjects.map(({name}) => name)))]
  const tests = [...new Set(runs.flatMap(({series}) => series.map(({test}) => test)))]
  const first = all.length - runs.length + 1
  const charts = tests.flatMap((test) => chartsOf(test, runs, names, first))
  const [header = [], ...rows] = trendRows(runs).map((row) => row.slice(0, -1))
  const columns = header.map((title, index) => ({title, kind: index > 2 ? ('number' as const) : ('words' as const)}))
  return {
    id: 'history',
    title: 'Over time',
    body: markup`<p>${runs.length === all.length ? plural(all.length, 'run') : `The last ${runs.length} of ${plural(all.length, 'run')}`}, the oldest first: medians with their intervals. The sections below show the last run.</p>
${legend(names)}${figures('history', charts)}${dataTable('First and last median', columns, rows, 3)}${runsTable(runs, first)}`,
  }
}

function chartsOf(test: string, runs: readonly BenchResult[], names: readonly string[], first: number): Chart[] {
  const own = runs.map(({series}) => series.filter((one) => one.test === test))
  const last = first + runs.length - 1
  const numbers = range(first, last + 1, Math.ceil(runs.length / 8))
  return metricsIn(own.flat()).map(({metric, unit, better}) => {
    const lines = names.flatMap((name, look): Line[] => {
      const points = own.map((series, index) => point(series, name, metric, first + index))
      return points.every((one) => one === undefined) ? [] : [{name, look, points}]
    })
    return lineChart({
      caption: chartCaption(test, {metric, unit, better}),
      title: `${metric} of ${test} over the runs`,
      ...{unit: unitLabel(unit), lines, fromZero: false},
      x: {title: 'run', scale: (span) => withTicks(linearScale([first, last], span), numbers)},
    })
  })
}

function point(series: readonly Series[], subject: string, metric: string, run: number): Line['points'][number] {
  const found = series.find((one) => one.subject === subject && one.metric === metric)
  if (found === undefined) return undefined
  const {median, ci_low, ci_high} = found.summary
  return {x: run, y: median, low: ci_low, high: ci_high, where: `run ${run}`}
}

function runsTable(runs: readonly BenchResult[], first: number): Markup {
  const columns = [
    {title: 'run', kind: 'number' as const},
    ...['date', 'wnn', 'llama.cpp', 'Node.js', 'machine', 'load before', 'complete'].map((title) => ({title})),
  ]
  const rows = runs.map(({date, versions, machine, complete}, index) => [
    ...[first + index, day(date), versions.wnn, versions.llama_cpp ?? '–', versions.node],
    ...[`${machine.cpu}, ${plural(machine.cores, 'core')}`, machine.load_before.toFixed(1), complete ? 'yes' : 'no'],
  ])
  return dataTable('Runs', columns, rows)
}
