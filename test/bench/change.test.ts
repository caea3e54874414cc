import * as assert from 'uvu/assert'
import {growth, percent, shownChange} from '../../src/bench/change.js'
import {judge} from '../../src/bench/compare.js'
import {summarize} from '../../src/bench/statistics.js'
import {suite} from '../support/suite.js'

const test = suite('changes as people read them')

test('a value that grows a little has percents, one that doubles a factor', () => {
  assert.equal([0.012, 0.8, 1, 1.125, 1.99, 2, 83.333, 1234, Infinity].map(growth), [
    ...['-98.8 %', '-20.0 %', '+0.0 %', '+12.5 %', '+99.0 %', '× 2.00', '× 83.3', '× 1234', '× ∞'],
  ])
  assert.equal([0.1, -0.1, -0.0001].map(percent), ['+10.0 %', '-10.0 %', '-0.0 %'])
})

test('a time that grows is more, although it is worse', () => {
  assert.equal(shownChange({change: -0.988, ci_low: -0.992, ci_high: -0.98}, 'lower'), {
    ...{change: '× 83.3', interval: '× 50.0 to × 125'},
  })
  assert.equal(shownChange({change: -0.5, ci_low: -0.6, ci_high: 0.25}, 'higher'), {
    ...{change: '-50.0 %', interval: '-60.0 % to +25.0 %'},
  })
})

test('the reason of a verdict has the same numbers', () => {
  const bootstrap = {confidence: 0.95, resamples: 100, seed: 1}
  const series = (value: number) => {
    const values = Array.from({length: 5}, () => value)
    return {better: 'lower' as const, values, summary: summarize(values, bootstrap)}
  }
  const {verdict, change, reason} = judge(series(10), series(833), 0.05, bootstrap)
  assert.equal([verdict, change.toFixed(3)], ['worse', '-0.988'])
  assert.is(reason, 'The change of × 83.3 exceeds 5.0 %, and its interval (× 83.3 to × 83.3) excludes 0.')
})
