import * as assert from 'uvu/assert'
import type {Traffic} from '../../../src/bench/traffic/index.js'
import {suite} from '../../support/suite.js'
import {thrownBy} from '../../support/rejects.js'
import {runFake} from './support/run.js'

const test = suite('long prompt beside answers')
const traffic: Traffic = {
  ...{kind: 'long-prompt', clients: 3, longPromptTokens: 2000, steadyTokens: 10},
  ...{promptTokens: 8, answerTokens: {min: 500, max: 600}},
}

test('it comes when all answers are running, and what they wait is counted before and during it', async (t) => {
  const {target, figures, run} = await runFake(t, traffic, {
    script: (index) => ({firstMs: index === 3 ? 400 : 10, eachMs: 10}),
  })
  const long = target.asked[3]
  assert.match(long?.ask.prompt ?? '', /of 2000$/)
  // Every answer has more than 20 tokens by then.
  assert.is(long?.atMs, 10 + 20 * 10)
  assert.is(figures.longPrompt?.ttftMs, 400)
  assert.equal(figures.longPrompt?.beforeMs, {p50: 10, p95: 10, max: 10})
  assert.equal(figures.longPrompt?.duringMs, {p50: 10, p95: 10, max: 10})
  assert.is(run.window.toMs, (long?.atMs ?? NaN) + 400)
  assert.is(target.inFlight, 0)
})

test('a running answer that fails ends the measurement with its error', async (t) => {
  const script = (index: number) => ({firstMs: 10, eachMs: 10, fails: index === 1})
  const error = await thrownBy(runFake(t, traffic, {script}))
  assert.is((error as Error).message, 'The server is out of memory.')
})
