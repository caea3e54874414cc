import * as assert from 'uvu/assert'
import type {Traffic} from '../../../src/bench/traffic/index.js'
import {suite} from '../../support/suite.js'
import {runFake} from './support/run.js'

const test = suite('Poisson arrivals')
const poisson: Traffic = {
  ...{kind: 'poisson', ratePerSecond: 4, requests: 400},
  ...{promptTokens: 8, answerTokens: {min: 2, max: 9}},
}

test('the time between two arrivals is 1 / rate on average, with a deviation of the same size', async (t) => {
  const {run} = await runFake(t, poisson)
  const due = [0, ...run.exchanges.map(({scheduledMs}) => scheduledMs)]
  const gaps = due.slice(1).map((at, index) => at - (due[index] ?? NaN))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  assert.ok(Math.abs(mean / 250 - 1) < 0.12, `mean ${mean}`)
  assert.ok(Math.abs(deviation / 250 - 1) < 0.2, `deviation ${deviation}`)
})

test('arrivals do not wait for answers', async (t) => {
  const quick = await runFake(t, {...poisson, requests: 50})
  const slow = await runFake(t, {...poisson, requests: 50}, {script: () => ({firstMs: 60_000, eachMs: 1000})})
  const times = ({run}: typeof quick): number[] => run.exchanges.map(({scheduledMs}) => scheduledMs)
  assert.equal(times(slow), times(quick))
  assert.is(slow.target.mostInFlight, 50)
})

test('latencies count from when a request was due', async (t) => {
  const {run, figures} = await runFake(t, {...poisson, requests: 50})
  for (const {scheduledMs, sentMs} of run.exchanges) assert.ok(sentMs >= scheduledMs)
  assert.ok((figures.ttftMs?.p50 ?? NaN) >= 10)
  assert.is(figures.completed, 50)
})
