import * as assert from 'uvu/assert'
import type {Traffic} from '../../../src/bench/traffic/index.js'
import {suite} from '../../support/suite.js'
import {runFake} from './support/run.js'

const test = suite('closed loop')
const sizes = {promptTokens: 8, answerTokens: {min: 2, max: 9}}
const closed: Traffic = {kind: 'closed', clients: 3, requests: 20, ...sizes}

test('there are never more requests than clients, and never fewer until the end', async (t) => {
  const {target} = await runFake(t, closed)
  assert.is(target.mostInFlight, 3)
  const ends = target.asked.map(({endedMs}) => endedMs)
  // Each request after the first ones is sent at the moment at which another one ends.
  for (const {atMs} of target.asked.slice(3)) assert.ok(ends.includes(atMs), `sent at ${atMs}`)
})

test('answers have unequal lengths within the range, and no prompt comes twice', async (t) => {
  const {target} = await runFake(t, {...closed, requests: 200})
  const lengths = target.asked.map(({ask}) => ask.maxTokens)
  assert.equal([...new Set(lengths)].sort(), [2, 3, 4, 5, 6, 7, 8, 9])
  const prompts = target.asked.map(({ask}) => ask.prompt)
  assert.is(new Set(prompts).size, prompts.length)
})

test('the same seed sends the same requests, another one does not', async (t) => {
  const asked = async (seed: number): Promise<string[]> =>
    (await runFake(t, closed, {seed})).target.asked.map(({ask}) => `${ask.prompt} ${ask.maxTokens}`)
  assert.equal(await asked(1), await asked(1))
  assert.is.not((await asked(1)).join(), (await asked(2)).join())
})

test('the window opens when every client has ended a request, and closes with the last one counted', async (t) => {
  const {run, figures} = await runFake(t, closed)
  const ended = run.exchanges.filter(({outcome}) => outcome.kind === 'completed').map(({endedMs}) => endedMs ?? NaN)
  const first = run.exchanges.slice(0, 3).map(({endedMs}) => endedMs ?? NaN)
  assert.ok(run.window.fromMs >= Math.max(...first))
  assert.is(run.window.toMs, Math.max(...ended))
  assert.is(figures.completed, 20)
  // What was unfinished is aborted and is no failure.
  assert.ok(run.exchanges.some(({outcome}) => outcome.kind === 'aborted'))
  assert.is(figures.failed, 0)
})

test('tokens are counted by when they arrived: 3 streams of a token every 10 ms are 300 tokens a second', async (t) => {
  const {figures} = await runFake(t, {...closed, requests: 100})
  assert.ok(Math.abs(figures.tokensPerSecond - 300) < 10, `${figures.tokensPerSecond}`)
  assert.equal(figures.itlMs, {p50: 10, p95: 10, max: 10})
  assert.equal(figures.ttftMs, {p50: 10, p95: 10, max: 10})
})

test('failed requests are counted, and their clients go on', async (t) => {
  const script = (index: number) => ({firstMs: 10, eachMs: 10, fails: index % 5 === 4})
  const {target, figures} = await runFake(t, closed, {script})
  const failing = target.asked.filter((_, index) => index % 5 === 4).length
  assert.ok(figures.failed > 0 && failing - figures.failed <= 3)
  assert.is(figures.failure?.message, 'The server is out of memory.')
  assert.ok(figures.completed + figures.failed >= 20)
})

test('all clients that start together wait for each other', async (t) => {
  const {target, figures} = await runFake(t, {
    ...{kind: 'together', clients: 4, requests: 8, promptTokens: 8, answerTokens: {min: 5, max: 5}},
  })
  assert.is(figures.completed, 8)
  assert.equal([...new Set(target.asked.map(({atMs}) => atMs))], [0, 50, 100])
})
