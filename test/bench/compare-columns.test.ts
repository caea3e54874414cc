import * as assert from 'uvu/assert'
import {compareWithFirst, judge} from '../../src/bench/compare.js'
import type {MetricName} from '../../src/bench/metrics.js'
import type {Comparison, Sample, Series} from '../../src/bench/result.js'
import {seriesOf} from '../../src/bench/series.js'
import {seededRandom} from '../../src/system/random.js'
import {suite} from '../support/suite.js'

const test = suite('verdicts within a run')
const bootstrap = {confidence: 0.95, resamples: 2000, seed: 1}
const tests = [{name: 'tg128'}]

type Columns = Readonly<Record<string, Partial<Record<MetricName, readonly number[]>>>>

function seriesFrom(columns: Columns): Series[] {
  const samples = Object.entries(columns).flatMap(([subject, metrics]) =>
    Object.entries(metrics).flatMap(([metric, values]) =>
      values.map((value, round): Sample => {
        return {...{subject, test: 'tg128', repetition: round + 1, at_ms: 0, requests: []}, metrics: {[metric]: value}}
      }),
    ),
  )
  return seriesOf(samples, tests, Object.keys(columns).map((name) => ({name})), bootstrap) // prettier-ignore
}

function compare(columns: Columns): Comparison {
  const subjects = Object.keys(columns).map((name) => ({
    ...{name, kind: 'local' as const, model: null, url: null, served_model: null, engine: null, settings: {}},
  }))
  return compareWithFirst({series: seriesFrom(columns), subjects}, 0.05, bootstrap)
}

const verdictsOf = ({verdicts}: Comparison): string[] =>
  verdicts.map(({subject, metric, verdict}) => `${subject} ${metric} ${verdict}`)

/** A machine whose speed wanders over most of a factor of two, the same for all that is measured in a round. */
const machine = Array.from({length: 15}, (_, round) => 100 * (1 + 0.3 * Math.sin(round)))

test('a slow-down shows though the machine wanders more than that, and two of a kind are the same', () => {
  const random = seededRandom(3)
  const measured = (factor: number): number[] => machine.map((speed) => speed * factor * (1 + 0.02 * (random() - 0.5)))
  const columns = {first: {tg: measured(1)}, again: {tg: measured(1)}, slow: {tg: measured(1 / 1.1)}}
  assert.equal(verdictsOf(compare(columns)), ['again tg same', 'slow tg worse'])
  const [first, , slow] = seriesFrom(columns)
  assert.ok(first !== undefined && slow !== undefined)
  assert.is(judge(first, slow, 0.05, bootstrap).verdict, 'inconclusive', 'as two runs they would say nothing')
})

test('of a time more is worse, and the change is turned', () => {
  const {verdicts} = compare({first: {itl: machine}, slow: {itl: machine.map((ms) => ms * 1.25)}})
  const [only] = verdicts
  assert.is(only?.verdict, 'worse')
  assert.equal(
    [only?.change, only?.ci_low, only?.ci_high].map((value) => value?.toFixed(6)),
    ['-0.200000', '-0.200000', '-0.200000'],
  )
})

test('the interval of a time is turned too: its worse end is the lower one', () => {
  const ratios = [1.0, 1.1, 1.2, 1.3, 1.4]
  const {verdicts} = compare({first: {itl: ratios.map(() => 100)}, slow: {itl: ratios.map((ratio) => 100 * ratio)}})
  const [only] = verdicts
  assert.ok(only)
  const {change, ci_low, ci_high} = only
  assert.is(change.toFixed(6), (1 / 1.2 - 1).toFixed(6))
  assert.ok(ci_low < change && change < ci_high && ci_high <= 0, `${ci_low} to ${ci_high}`)
})

test('rounds are paired by their number, also where one lacks a value', () => {
  const samples = [1, 2, 3].flatMap((repetition) =>
    ['first', 'other'].map((subject): Sample => {
      const value = subject === 'first' ? repetition : 2 * repetition
      const metrics = subject === 'first' && repetition === 1 ? {} : {tg: value}
      return {...{subject, test: 'tg128', repetition, at_ms: 0, requests: []}, metrics}
    }),
  )
  const [, other] = seriesOf(samples, tests, [{name: 'first'}, {name: 'other'}], bootstrap)
  assert.equal(other?.to_first, {n: 2, ratio: 2, ci_low: 2, ci_high: 2})
})

test('fewer than five rounds are inconclusive', () => {
  assert.equal(verdictsOf(compare({first: {tg: [9, 9, 9, 9]}, other: {tg: [5, 5, 5, 5]}})), ['other tg inconclusive'])
})

test('a metric that only one has is told', () => {
  const {missing, baseline, baseline_date} = compare({first: {tg: machine, itl: machine}, other: {tg: machine, ttft: machine}}) // prettier-ignore
  assert.equal([missing, baseline, baseline_date], [['other, tg128, itl', 'other, tg128, ttft'], 'first', null])
})

test('a time of 0 has no ratio, and a verdict all the same', () => {
  const columns = {first: {downtime: [0, 0, 0, 0, 0]}, same: {downtime: [0, 0, 0, 0, 0]}, down: {downtime: [9, 8, 9, 9, 9]}} // prettier-ignore
  assert.equal(
    seriesFrom(columns).map(({to_first}) => to_first),
    [null, null, null],
  )
  assert.equal(verdictsOf(compare(columns)), ['same downtime same', 'down downtime worse'])
})
