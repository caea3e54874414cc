import * as assert from 'uvu/assert'
import {cachedShare} from '../../perf/conversations/cache-simulation.js'
import {traces} from '../../perf/conversations/cache-traces.js'
import {largestOvertaking, mostTurnsWhileOneWaited} from '../../perf/conversations/fairness.js'
import {names} from '../../perf/conversations/names.js'
import {identity, questions, systemPrompt} from '../../perf/conversations/questions.js'
import {runLongConversation} from '../../perf/conversations/run-long-conversation.js'
import {runRounds} from '../../perf/conversations/run-rounds.js'
import {runSessions} from '../../perf/conversations/run-sessions.js'
import {fitLine, percentile, seededRandom, shuffled} from '../../perf/conversations/statistics.js'
import * as wnn from '../../src/index.js'
import {phi3, qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'

const test = suite('conversation benchmarks', {timeoutMs: 60_000})

for (const [name, model] of Object.entries({qwen, phi3})) {
  test(`12 sessions on 3 slots of ${name} each remember their own name, in turns`, async () => {
    const run = await runSessions(wnn, {
      ...{model, names: names.slice(0, 12), slots: 3, questions: 2, cacheTokens: 10_000, seed: 1},
    })
    assert.equal(run.errors, [])
    assert.equal(
      run.asked.filter(({right}) => !right),
      [],
    )
    assert.is(run.asked.length, 24)
    assert.is(run.turns.length, 24)
    assert.ok(mostTurnsWhileOneWaited(run.turns) <= 1)
  })
}

test('a conversation of 1,500 tokens in a context of 256 keeps answering, as its system prompt says', async () => {
  const job = {model: qwen, contextSize: 256, tokens: 1500, warmUpTokens: 0, questions, systemPrompt}
  const turns = await runLongConversation(wnn, job)
  assert.equal(
    turns.filter(({right}) => !right),
    [],
  )
  assert.ok((turns.at(-1)?.total ?? 0) >= 1500 && turns.every(({promptTokens}) => promptTokens <= 256))
  assert.ok((turns.findLast(({question}) => question === identity)?.total ?? 0) > 1000)
})

test('rounds leave nothing once their sessions were idle', async () => {
  const job = {model: qwen, rounds: 20, warmUpRounds: 0, sampleEvery: 10, idleTimeoutMs: 100}
  const {samples, afterIdle, wrong} = await runRounds(wnn, job)
  assert.is(wrong, 0)
  assert.is(samples.length, 2)
  assert.ok(
    Object.values(afterIdle).every((count) => count === 0),
    JSON.stringify(afterIdle),
  )
})

test('there are 120 distinct names', () => {
  assert.is(new Set(names).size, 120)
})

test('smart spares more than lru where many sessions never come back', () => {
  const trace = traces['conversations, 80 % once only']?.(5000, seededRandom(1)) ?? []
  const size = {slots: 4, maxTokens: 10_000, contextSize: 2048}
  const [smart, lru] = [cachedShare(trace, 'smart', size), cachedShare(trace, 'lru', size)]
  assert.ok(smart > lru && lru > 0, `${smart} and ${lru}`)
})

test('fairness: who overtook whom, and how often others were served meanwhile', () => {
  const turns = [
    {session: 'a', arrivedAt: 0, startedAt: 10},
    {session: 'b', arrivedAt: 3, startedAt: 5},
    {session: 'b', arrivedAt: 6, startedAt: 8},
    {session: 'c', arrivedAt: 9, startedAt: 11},
  ]
  assert.is(largestOvertaking(turns), 6)
  assert.is(mostTurnsWhileOneWaited(turns), 2)
})

test('statistics: percentiles, a fitted line, an order that a seed repeats', () => {
  const values = Array.from({length: 100}, (_, at) => at)
  assert.equal([percentile(values, 0.5), percentile(values, 0.95), percentile([], 0.5)], [50, 95, NaN])
  const line = fitLine(values.map((x) => ({x, y: 3 * x + 7})))
  assert.ok(Math.abs(line.slope - 3) < 1e-9 && Math.abs(line.at(10) - 37) < 1e-9)
  const order = shuffled(values, seededRandom(5))
  assert.equal(order, shuffled(values, seededRandom(5)))
  assert.is.not(order.join(), values.join())
  assert.equal(
    [...order].sort((a, b) => a - b),
    values,
  )
})
