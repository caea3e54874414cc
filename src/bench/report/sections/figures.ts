import type {BenchResult, Series} from '../../result.js'
import {figures, type Chart} from '../charts/figure.js'
import {lineChart} from '../charts/lines.js'
import {legend} from '../charts/marks.js'
import {linearScale, logScale, withTicks, type Scale, type Span} from '../charts/scale.js'
import {mostDots, stripChart} from '../charts/strip.js'
import {markup} from '../markup.js'
import {chartCaption, metricsIn, unitLabel} from '../names.js'
import {sweepTitle, sweepsOf, type Dimension, type Sweep} from '../sweeps.js'
import type {Section} from './section.js'

/** A chart of each metric: along the size in which the tests differ, or alone. */
export function figuresSections(result: BenchResult): Section[] {
  const names = result.subjects.map(({name}) => name)
  const sweeps = sweepsOf(result.tests)
  const lines = sweeps.filter(({dimension}) => dimension !== undefined).flatMap((sweep) => lineCharts(sweep, result))
  const single = sweeps.filter(({dimension}) => dimension === undefined).flatMap((sweep) => stripCharts(sweep, result))
  return [
    ...(lines.length === 0
      ? []
      : [
          {
            ...{id: 'sizes', title: 'By concurrency and size'},
            body: markup`<p>Medians of the repetitions, with their intervals.</p>${legend(names)}${figures('sizes', lines)}`,
          },
        ]),
    ...(single.length === 0
      ? []
      : [
          {
            ...{id: 'tests', title: 'Test by test'},
            body: markup`<p>Each dot is a repetition, the mark is the median, the bar its interval.${thinning(result)}</p>${figures('tests', single)}`,
          },
        ]),
  ]
}

function thinning({series}: BenchResult): string | undefined {
  if (series.every(({values}) => values.length <= mostDots)) return undefined
  return ` Above ${mostDots} repetitions, ${mostDots} quantiles are drawn instead.`
}

function lineCharts(sweep: Sweep, {series, subjects}: BenchResult): Chart[] {
  const {dimension, tests} = sweep
  if (dimension === undefined) return []
  const own = series.filter(({test}) => tests.some(({name}) => name === test))
  const title = sweepTitle(sweep)
  return metricsIn(own).map(({metric, unit, better}) => {
    const lines = subjects.map(({name}, look) => ({
      ...{name, look},
      points: tests.map((test) => {
        const found = own.find((one) => one.subject === name && one.test === test.name && one.metric === metric)
        if (found === undefined) return undefined
        const {median, ci_low, ci_high} = found.summary
        return {x: test[dimension], y: median, low: ci_low, high: ci_high, where: place(dimension, test[dimension])}
      }),
    }))
    return lineChart({
      caption: chartCaption(title, {metric, unit, better}),
      title: `${metric} of ${title} by ${words[dimension]}`,
      ...{unit: unitLabel(unit), lines, fromZero: true},
      x: axis(
        dimension,
        tests.map((test) => test[dimension]),
      ),
    })
  })
}

const words: Readonly<Record<Dimension, string>> = {
  concurrency: 'concurrent streams',
  depth: 'tokens in the context before',
  prompt_tokens: 'prompt tokens',
  generate_tokens: 'tokens of the answer',
}

function place(dimension: Dimension, value: number): string {
  return `${value.toLocaleString('en-US')} ${words[dimension]}`
}

/** Logarithmic for sizes that double or similar; a depth of 0 cannot be shown there. */
function axis(dimension: Dimension, values: readonly number[]): {title: string; scale: (span: Span) => Scale} {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least > 0 && most / least >= 4
    ? {title: `${words[dimension]}, logarithmic`, scale: (span) => withTicks(logScale(values, span), values)}
    : {title: words[dimension], scale: (span) => withTicks(linearScale(values, span), values)}
}

function stripCharts({tests}: Sweep, {series, subjects}: BenchResult): Chart[] {
  return tests.flatMap(({name: test}) => {
    const own = series.filter((one) => one.test === test)
    return metricsIn(own).map(({metric, unit, better}) => {
      const strips = subjects.flatMap(({name}, look) => {
        const found: Series | undefined = own.find((one) => one.subject === name && one.metric === metric)
        return found === undefined ? [] : [{look, series: found}]
      })
      return stripChart(chartCaption(test, {metric, unit, better}), `${metric} of ${test}`, strips)
    })
  })
}
