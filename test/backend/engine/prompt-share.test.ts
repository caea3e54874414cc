import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {PromptShare} from '../../../src/backend/engine/prompt-share.js'
import {suite} from '../../support/suite.js'

const test = suite('prompt share')

const measuring = (cost: (tokens: number) => number, patienceMs = 0): PromptShare => {
  const share = new PromptShare(512, patienceMs)
  share.measured(512, cost(512))
  return share
}

/** Lets it choose and measure so often; gives what it chose. */
const choices = (
  share: PromptShare,
  cost: (tokens: number) => number,
  waiting: {answersMs: number; answers: number; prompts: number},
  times: number,
): number[] =>
  Array.from({length: times}, () => {
    const tokens = share.tokens(waiting)
    share.measured(tokens, cost(tokens))
    return tokens
  })

test('nothing is known: one token', () => {
  assert.is(new PromptShare(512, 0).tokens({answersMs: 100, answers: 1, prompts: 1}), 1)
})

test('it settles on the largest size that takes no longer than the answers, and seldom tries a larger one', () => {
  const cost = (tokens: number): number => 10 + tokens
  const chosen = choices(measuring(cost), cost, {answersMs: 40, answers: 8, prompts: 1}, 1000)
  assert.ok(chosen.filter((tokens) => tokens === 16).length > 960)
})

test('a size at which the kernels are quicker is found from above', () => {
  // From 64 tokens on a token takes an eighth, as it was measured on the tiny model.
  const cost = (tokens: number): number => tokens * (tokens < 64 ? 0.4 : 0.05)
  assert.is(choices(measuring(cost), cost, {answersMs: 4, answers: 9, prompts: 1}, 20).at(-1), 64)
})

test('requests that wait for their first token have as much time each as those that are answered', () => {
  const cost = (tokens: number): number => tokens
  assert.is(measuring(cost).tokens({answersMs: 10, answers: 8, prompts: 4}), 8)
  assert.is(measuring(cost).tokens({answersMs: 10, answers: 8, prompts: 64}), 64)
})

test('a prompt that comes may take a moment at once, a short one no more than it needs', () => {
  const cost = (tokens: number): number => tokens
  const share = measuring(cost)
  const waiting = {answersMs: 10, answers: 8, prompts: 1}
  share.arrived(2000)
  assert.is(share.tokens(waiting), 256)
  share.spent(256)
  // 250 ms and this step's 8.5, of which 2.5 are left.
  assert.is(share.tokens(waiting), 8)
  share.idle()
  share.arrived(60)
  assert.is(share.tokens(waiting), 64)
  share.spent(72)
  assert.is(share.tokens(waiting), 8)
})

test('where many tokens take hardly longer than one, that is found out', () => {
  // As with a large model, whose weights are read once for all of them.
  const cost = (tokens: number): number => 100 + tokens * 0.1
  const share = new PromptShare(512, 0)
  share.measured(1, cost(1))
  const chosen = choices(share, cost, {answersMs: 100, answers: 1, prompts: 1}, 20)
  assert.is(chosen.at(-1), 64)
})

test('one slow measurement is forgotten', () => {
  const cost = (tokens: number): number => tokens
  const share = measuring(cost)
  share.measured(16, 400)
  const chosen = choices(share, cost, {answersMs: 20, answers: 2, prompts: 1}, 3000)
  assert.is(chosen[0], 8)
  assert.is(chosen.at(-1), 16)
})

test('whatever is measured, it chooses a power of two within the batch', () => {
  const measurement = fc.record({
    tokens: fc.integer({min: 1, max: 600}),
    ms: fc.double({min: 0, max: 1e6, noNaN: true}),
  })
  const waiting = fc.record({
    answersMs: fc.double({min: 0, max: 1e6, noNaN: true}),
    answers: fc.integer({min: 1, max: 256}),
    prompts: fc.integer({min: 1, max: 256}),
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(measurement, waiting)), fc.integer({min: 1, max: 600}), (steps, largest) => {
      const share = new PromptShare(largest, 40)
      for (const [{tokens, ms}, now] of steps) {
        share.measured(tokens, ms)
        const chosen = share.tokens(now)
        assert.ok(chosen >= 1 && chosen <= largest && Number.isInteger(Math.log2(chosen)))
      }
    }),
  )
})
