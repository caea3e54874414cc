import * as assert from 'uvu/assert'
import {compareResults, judge} from '../../src/bench/compare.js'
import type {Series, Subject} from '../../src/bench/result.js'
import {summarize} from '../../src/bench/statistics.js'
import {seededRandom} from '../../src/system/random.js'
import {suite} from '../support/suite.js'

const test = suite('verdicts against a baseline')
const bootstrap = {confidence: 0.95, resamples: 2000, seed: 1}
const limit = 0.05

function series(values: number[], better: Series['better'] = 'higher'): Series {
  const unit = better === 'higher' ? 'tokens/s' : 'ms'
  const summary = summarize(values, bootstrap)
  return {...{subject: 'm', test: 'tg128', metric: 'tg', unit, better, values, summary}, to_first: null}
}
const verdict = (before: number[], now: number[], better?: Series['better']): string =>
  judge(series(before, better), series(now, better), limit, bootstrap).verdict

/** Normal noise by Box and Muller; as long as it is positive, which at these widths it is. */
function noisy(count: number, mean: number, share: number, random: () => number): number[] {
  return Array.from({length: count}, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return mean * (1 + share * normal)
  })
}

const steady = [100, 101, 99, 100.5, 99.5]

test('a rate that fell by a tenth is worse, one that rose is better', () => {
  assert.is(verdict(steady, [90, 91, 89, 90.5, 89.5]), 'worse')
  assert.is(verdict(steady, [110, 111, 109, 110.5, 109.5]), 'better')
})

test('with a time it is the other way round', () => {
  assert.is(verdict(steady, [90, 91, 89, 90.5, 89.5], 'lower'), 'better')
  assert.is(verdict(steady, [112, 113, 111, 112.5, 111.5], 'lower'), 'worse')
})

test('an interval within the limit is the same', () => assert.is(verdict(steady, [101, 102, 100, 101, 100.5]), 'same'))

test('a wide interval is inconclusive, however far off the median is', () => {
  assert.is(verdict([100, 140, 70, 120, 85], [90, 60, 130, 75, 105]), 'inconclusive')
})

test('fewer than five values are inconclusive', () => {
  const {verdict: given, reason} = judge(series(steady), series([50, 50, 50, 50]), limit, bootstrap)
  assert.is(given, 'inconclusive')
  assert.is(reason, 'There are 4 values; a verdict needs 5.')
})

test('a time of 0 that stays one is the same, one that grew is worse, and there is no ratio to one that fell to it', () => {
  const [none, some] = [
    [0, 0, 0, 0, 0],
    [80, 81, 79, 80, 82],
  ]
  assert.is(verdict(none, none, 'lower'), 'same')
  assert.is(verdict(none, some, 'lower'), 'worse')
  assert.is(verdict(some, none, 'lower'), 'inconclusive')
})

test('the change says what it is: the ratio of the medians, more than 0 for better', () => {
  const {change, ci_low, ci_high} = judge(series([200, 200, 200, 200, 200], 'lower'), series([250, 250, 250, 250, 250], 'lower'), limit, bootstrap) // prettier-ignore
  assert.equal(
    [change, ci_low, ci_high].map((value) => value.toFixed(6)),
    ['-0.200000', '-0.200000', '-0.200000'],
  )
})

for (const share of [0.02, 0.03]) {
  for (const better of ['higher', 'lower'] as const) {
    test(`20 planted slow-downs of 10 % are all found at ${share * 100} % noise, and none in 20 runs against themselves (${better} is better)`, () => {
      const random = seededRandom(2026)
      const slow = better === 'higher' ? 100 / 1.1 : 110
      for (let trial = 0; trial < 20; trial++) {
        const before = noisy(15, 100, share, random)
        assert.is(verdict(before, noisy(15, slow, share, random), better), 'worse', `trial ${trial}`)
        assert.is.not(verdict(before, noisy(15, 100, share, random), better), 'worse', `trial ${trial}`)
      }
    })
  }
}

const subject = (name: string): Subject => ({
  ...{name, kind: 'local', model: null, url: null, served_model: null, engine: null, settings: {}},
})
const compared = {file: 'old.json', limit, bootstrap}

test('what only one of the two results has is told, and not judged', () => {
  const old = {date: 'then', subjects: [subject('m'), subject('n')], series: [series(steady)]}
  const now = {subjects: old.subjects, series: [series(steady), {...series(steady), metric: 'itl'}]}
  const {verdicts, missing, baseline_date} = compareResults(old, now, compared)
  assert.equal([verdicts.map(({metric}) => metric), missing, baseline_date], [['tg'], ['m, tg128, itl'], 'then'])
})

test('two lone subjects are compared whatever they are called', () => {
  const old = {date: 'then', subjects: [subject('before')], series: [{...series(steady), subject: 'before'}]}
  const {verdicts} = compareResults(old, {subjects: [subject('m')], series: [series(steady)]}, compared)
  assert.equal(
    verdicts.map(({subject: name, verdict: given}) => [name, given]),
    [['m', 'same']],
  )
})
