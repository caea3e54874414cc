import * as assert from 'uvu/assert'
import {changeCharts} from '../../../src/bench/report/charts/changes.js'
import type {Chart} from '../../../src/bench/report/charts/figure.js'
import {lineChart, type Line} from '../../../src/bench/report/charts/lines.js'
import {mostPoints, quantileChart} from '../../../src/bench/report/charts/quantiles.js'
import {linearScale, logScale, withTicks} from '../../../src/bench/report/charts/scale.js'
import {mostDots, stripChart} from '../../../src/bench/report/charts/strip.js'
import {markup} from '../../../src/bench/report/markup.js'
import type {Comparison, Verdict} from '../../../src/bench/result.js'
import {quantile} from '../../../src/bench/statistics.js'
import {suite} from '../../support/suite.js'
import {seriesOf} from '../support/result.js'
import {readDrawing} from './support/drawing.js'

const test = suite('drawings of a report')
const caption = markup``

/** A hundredth of a unit of the drawing is less than a thousandth of an axis. */
function near(read: number | undefined, value: number, range = Math.abs(value)): void {
  assert.ok(read !== undefined && Math.abs(read - value) <= range / 1000, `${read} is drawn for ${value}`)
}

function streams(values: readonly (number | undefined)[], look = 0): Line {
  const points = values.map((y, index) =>
    y === undefined ? undefined : {x: 4 ** index, y, low: y * 0.9, high: y * 1.1, where: `${4 ** index} streams`},
  )
  return {name: `m${look}`, look, points}
}
function byStreams(lines: readonly Line[]): Chart {
  const x = {
    title: 'streams',
    scale: (span: readonly [number, number]) => withTicks(logScale([1, 4, 16], span), [1, 4, 16]),
  }
  return lineChart({caption, title: 'throughput', unit: 'tokens/s', lines, x, fromZero: true})
}

test('throughput by concurrency is where the axes say it is', () => {
  const values = [101.25, 387.5, 912.75]
  const {marks, lines} = readDrawing(byStreams([streams(values)]), 'logarithmic')
  assert.is(marks.length, 3)
  for (const [index, {x, y}] of marks.entries()) {
    near(x, 4 ** index)
    near(y, values[index] ?? NaN, 1000)
    near(lines[0]?.[index]?.y, y, 1000)
  }
})

test('an interval is drawn from its one end to the other', () => {
  const {body} = byStreams([streams([100, 400, 900])])
  const ticks = [...body.text.matchAll(/class="tick-y" x="55" y="([\d.]+)"[^>]*>([\d,]+)</g)]
  const [zero, top] = [ticks[0], ticks.at(-1)].map((tick) => ({
    y: Number(tick?.[1]),
    value: Number(tick?.[2]?.replace(',', '')),
  }))
  const value = (y: string | undefined): number =>
    (((zero?.y ?? NaN) - Number(y)) / ((zero?.y ?? NaN) - (top?.y ?? NaN))) * (top?.value ?? NaN)
  const [, path = ''] = /class="interval c0" d="([^"]*)"/.exec(body.text) ?? []
  const bars = [...path.matchAll(/M[\d.]+ ([\d.]+)V([\d.]+)/g)]
  assert.is(bars.length, 3)
  for (const [index, median] of [100, 400, 900].entries()) {
    near(value(bars[index]?.[1]), median * 0.9, 1000)
    near(value(bars[index]?.[2]), median * 1.1, 1000)
  }
})

test('a value that is missing breaks the line, and is not drawn as 0', () => {
  const chart = byStreams([streams([100, undefined, 900]), streams([50, 60, 70], 1)])
  const {marks, lines} = readDrawing(chart, 'logarithmic')
  assert.equal([marks.length, lines[0]?.length], [5, 2])
  assert.match(chart.body.text, /class="line c0"[^>]* d="M[\d. ]+M[\d. ]+"/)
  assert.is(chart.description, 'm0: 100.0 tokens/s at 1 streams, 900.0 tokens/s at 16 streams. m1: 50.00 tokens/s at 1 streams, 60.00 tokens/s at 4 streams, 70.00 tokens/s at 16 streams.') // prettier-ignore
})

test('lines look different without colours', () => {
  const {body} = byStreams([streams([1, 2, 3]), streams([2, 3, 4], 1)])
  const shapes = [...body.text.matchAll(/class="mark c(\d)" d="M[\d. ]+(m[^"]*)"/g)].map(([, , shape]) => shape)
  const dashes = [...body.text.matchAll(/stroke-dasharray="([^"]*)"/g)].map(([, dash]) => dash)
  assert.equal([new Set(shapes).size, new Set(dashes).size], [2, 2])
})

for (const [what, values, curve] of [
  ['near each other', [12, 15, 11, 19, 14, 13, 30], 'linear'],
  ['of three orders of magnitude', [0.4, 12, 250, 90, 3, 800], 'logarithmic'],
  ['of which there are thousands', Array.from({length: 5000}, (_, index) => 20 + (index % 997) / 50), 'linear'],
] as const) {
  test(`p50 and p95 of latencies ${what} are marked where they are, on the curve`, () => {
    const chart = quantileChart(caption, 't', 'ms', [{name: 'm', look: 0, values}])
    const {marks, lines} = readDrawing(chart, curve)
    const range = curve === 'linear' ? Math.max(...values) : undefined
    assert.equal(marks.map(({y}) => Math.round(y * 10) / 10), [50, 95]) // prettier-ignore
    for (const [index, share] of [0.5, 0.95].entries()) {
      near(marks[index]?.x, quantile(values, share), range ?? 5 * quantile(values, share))
      assert.ok(lines[0]?.some(({x, y}) => x === marks[index]?.x && y === marks[index].y))
    }
    near(lines[0]?.[0]?.x, Math.min(...values), range ?? 5 * Math.min(...values))
    near(lines[0]?.at(-1)?.x, Math.max(...values), range ?? 5 * Math.max(...values))
    assert.ok((lines[0]?.length ?? 0) <= mostPoints + 2)
  })
}

test('a single latency is drawn at its place', () => {
  const {marks} = readDrawing(quantileChart(caption, 't', 'ms', [{name: 'm', look: 0, values: [42]}]))
  for (const {x} of marks) near(x, 42)
})

test('repetitions are dots, the median is the mark; a single one has no interval', () => {
  const values = [98.5, 103, 101.25, 99, 110]
  const {marks} = readDrawing(stripChart(caption, 't', [{look: 0, series: seriesOf('m', 'tg', values)}]))
  const drawn = marks.filter(({text}) => text === '').map(({x}) => x)
  for (const [index, value] of values.toSorted((a, b) => a - b).entries()) near(drawn[index], value)
  near(marks.find(({text}) => text === 'm: median 101.3 tokens/s')?.x, 101.25)
  const single = stripChart(caption, 't', [{look: 0, series: seriesOf('m', 'tg', [5])}]).body.text
  assert.match(single, /5\.00 \(n = 1\)/)
  assert.not.match(single, /class="band/)
})

test('of thousands of repetitions a hundred dots are drawn', () => {
  const values = Array.from({length: 3000}, (_, index) => 100 + Math.sin(index))
  const {marks} = readDrawing(stripChart(caption, 't', [{look: 0, series: seriesOf('m', 'tg', values)}]))
  assert.is(marks.length, mostDots + 1)
})

function verdict(change: number, given: Verdict['verdict'], metric = 'tg'): Verdict {
  const range = {n: 5, median: 1}
  return {
    ...{subject: 'm', test: 'tg128', metric, baseline: range, current: range, change, verdict: given, reason: 'Why.'},
    ...{ci_low: change - 0.01, ci_high: change + 0.01},
  }
}
const comparison: Comparison = {
  ...{baseline: 'a.json', baseline_date: 'then', max_regression: 0.05, verdicts: [], missing: []},
}

test('a change is drawn where the axis says it is, with its verdict in words', () => {
  const all = [verdict(-0.1, 'worse'), verdict(0, 'same'), verdict(0.08, 'better'), verdict(0.02, 'inconclusive')]
  const [chart] = changeCharts('m', all, comparison)
  assert.ok(chart)
  // Places go by the logarithm of the ratio, so the axis is read as ratios.
  const ticks = [...chart.body.text.matchAll(/class="tick-x" x="([\d.]+)"[^>]*>([-+\d.]+) %</g)].map(
    ([, x, label]) => ({
      ...{x: Number(x), log: Math.log(1 + Number(label) / 100)},
    }),
  )
  const [first, last] = [ticks[0], ticks.at(-1)]
  assert.ok(first && last && first !== last)
  const circles = [...chart.body.text.matchAll(/class="change v-(\w+)" cx="([\d.]+)"/g)]
  for (const [index, {change, verdict: given}] of all.entries()) {
    const share = (Number(circles[index]?.[2]) - first.x) / (last.x - first.x)
    near(Math.exp(first.log + share * (last.log - first.log)), 1 + change)
    assert.is(circles[index]?.[1], given)
  }
  for (const words of ['▼ worse', '= same', '▲ better', '? inconclusive']) assert.ok(chart.body.text.includes(words))
  assert.match(chart.description, /^tg128, tg: -10\.0 % \(-11\.0 % to -9\.0 %\), worse\. /)
})

test('a time that was 0 has a place, at the end of the axis', () => {
  const [chart] = changeCharts('m', [verdict(-1, 'worse'), verdict(0, 'same')], comparison)
  assert.ok(chart)
  assert.not.match(chart.body.text, /NaN|Infinity/)
})

test('many changes are several drawings on one scale', () => {
  const all = Array.from({length: 20}, (_, index) => verdict(index / 100, 'same', `m${index}`))
  const charts = changeCharts('m', all, comparison)
  const axes = charts.map(({body}) => [...body.text.matchAll(/class="tick-x" x="([\d.]+)"/g)].map(([, x]) => x).join())
  assert.equal([charts.length, new Set(axes).size], [2, 1])
  assert.match(charts[1]?.title ?? '', /\(2 of 2\)$/)
})

test('values that are all alike have an axis around them', () => {
  for (const value of [0, 7, 1e-9, 3e8]) {
    const {place, ticks} = linearScale([value, value], [0, 100])
    assert.ok(0 <= place(value) && place(value) <= 100 && ticks.length > 1, String(value))
  }
})
