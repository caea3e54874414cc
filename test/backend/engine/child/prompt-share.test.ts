import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {PromptShare} from '../../../../src/backend/engine/child/prompt-share.js'
import {suite} from '../../../support/suite.js'

const test = suite('prompt share')

type Cost = (tokens: number) => number

/** The costs of these sizes are known, and what a step of the answers takes. */
const knowing = (
  cost: Cost,
  {sizes = [512], longestGapMs = 0, stepMs = 10}: {sizes?: number[]; longestGapMs?: number; stepMs?: number} = {},
): PromptShare => {
  const share = new PromptShare(512, longestGapMs)
  for (const size of sizes) share.measured(size, cost(size))
  share.answered(stepMs)
  return share
}

/** Lets it choose a piece for this time and measure it, so often; gives what it chose. */
const choices = (share: PromptShare, cost: Cost, budgetMs: number, times: number): number[] =>
  Array.from({length: times}, () => {
    const tokens = share.tokens(budgetMs)
    share.measured(tokens, cost(tokens))
    return tokens
  })

const long = {answers: 8, prompts: 1, tokens: 10_000}
const linear: Cost = (tokens) => tokens
/** As it was measured behind 1,900 tokens: from 64 on, a token takes 3 ms instead of 8. */
const fastFrom64: Cost = (tokens) => tokens * (tokens < 64 ? 8 : 3)
const everySize = Array.from({length: 512}, (_, index) => index + 1)

test('nothing is known: one token', () => {
  assert.is(new PromptShare(512, 0).tokens(100), 1)
})

test('pieces take about as long as they may, and seldom much longer', () => {
  for (const [fixed, budgetMs] of [
    [0, 20],
    [10, 28],
    [10, 40],
    [10, 100],
    [30, 300],
  ] as const) {
    const cost: Cost = (tokens) => fixed + tokens
    const times = choices(knowing(cost), cost, budgetMs, 1000).map(cost)
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
    assert.ok(mean > 0.9 * budgetMs && mean < 1.05 * budgetMs, `${mean} of ${budgetMs} ms`)
    assert.ok(times.filter((ms) => ms > 1.3 * budgetMs).length < 100)
    assert.ok(times.filter((ms) => ms > 2 * budgetMs).length < 10)
  }
})

test('a size at which the kernels are quicker is found from above', () => {
  // From 64 tokens on a token takes an eighth, as it was measured on the tiny model.
  const cost: Cost = (tokens) => tokens * (tokens < 64 ? 0.4 : 0.05)
  assert.is(choices(knowing(cost), cost, 4, 20).at(-1), 80)
})

test('where many tokens take hardly longer than one, that is found out', () => {
  // As with a large model, whose weights are read once for all of them.
  const cost: Cost = (tokens) => 100 + tokens * 0.1
  const chosen = choices(knowing(cost, {sizes: [1]}), cost, 100, 20)
  assert.ok((chosen.at(-1) ?? 0) >= 64, String(chosen))
})

test('one slow measurement is forgotten', () => {
  const share = knowing(linear)
  share.measured(16, 400)
  const chosen = choices(share, linear, 19, 3000)
  assert.ok((chosen[0] ?? 0) < 16)
  assert.is(chosen.at(-1), 16)
})

test('a measurement counts for the next smaller size, at the same rate', () => {
  const share = new PromptShare(512, 0)
  share.measured(18, 36)
  assert.is(share.costs.estimate(16), 32)
  assert.not(share.costs.has(18))
})

test('prompts have as much time as the answers', () => {
  assert.is(knowing(linear, {stepMs: 10}).budget(long), 10)
})

test('requests that wait for their first token have as much time each as those that are answered', () => {
  const share = knowing(linear, {longestGapMs: 750, stepMs: 50})
  assert.is(share.budget({...long, prompts: 4}), 50)
  assert.is(share.budget({...long, prompts: 64}), 400)
})

test('one slow step changes little of what a step usually takes', () => {
  const share = knowing(linear, {stepMs: 10})
  share.answered(60)
  assert.is(share.budget(long), 20)
})

test('a gap of 40 ms is used up, and no more than the longest gap allows', () => {
  assert.is(knowing(linear, {longestGapMs: 750}).budget(long), 30)
  assert.is(knowing(linear, {longestGapMs: 25}).budget(long), 15)
  assert.is(knowing(linear, {longestGapMs: 750, stepMs: 100}).budget(long), 100)
})

/** What each of so many steps with a long prompt may take for it. */
const budgets = (share: PromptShare, steps: number, waiting = long): number[] =>
  Array.from({length: steps}, () => {
    const ms = share.budget(waiting)
    share.spent(ms)
    return ms
  })

test('where large pieces are quicker, time is saved up for one pause in 28 tokens', () => {
  const given = budgets(knowing(fastFrom64, {sizes: everySize, longestGapMs: 750}), 28 * 5)
  const paused = given.flatMap((ms, step) => (ms > 0 ? [[step + 1, Math.round(ms)]] : []))
  assert.equal(
    paused,
    [28, 56, 84, 112, 140].map((step) => [step, 280]),
  )
})

test('a pause and the step beside it take no longer than the longest gap', () => {
  const share = knowing(fastFrom64, {sizes: everySize, longestGapMs: 750, stepMs: 100})
  const given = budgets(share, 100).filter((ms) => ms > 0)
  assert.ok(given.length > 0)
  assert.ok(given.every((ms) => ms <= 650))
})

test('a pause comes sooner when less is left of the prompts', () => {
  const share = knowing(fastFrom64, {sizes: everySize, longestGapMs: 750})
  const given = budgets(share, 20, {...long, tokens: 65})
  assert.is(
    given.findIndex((ms) => ms > 0),
    19,
    'the 20th step has saved 200 ms, and 195 are enough',
  )
})

test('where large pieces are not quicker, prompts have a share of every step', () => {
  const share = knowing(linear, {sizes: everySize, longestGapMs: 750, stepMs: 50})
  assert.ok(budgets(share, 100).every((ms) => ms === 50))
})

test('what was saved is forgotten when no prompt waits', () => {
  const share = knowing(fastFrom64, {sizes: everySize, longestGapMs: 750})
  budgets(share, 27)
  share.idle()
  assert.ok(budgets(share, 27).every((ms) => ms === 0))
})

test('a prompt that comes may take a moment at once, a short one no more than it needs', () => {
  const share = knowing(linear, {longestGapMs: 750, stepMs: 50})
  share.arrived(2000)
  assert.is(share.budget(long), 300)
  share.spent(256)
  // 250 ms and this step's 50, of which 44 are left.
  assert.is(share.budget(long), 94)
  share.idle()
  share.arrived(60)
  assert.is(share.budget(long), 110)
  share.spent(120)
  assert.is(share.budget(long), 50)
})

test('a moment that is spent in several pieces is spent once', () => {
  const share = knowing(linear, {longestGapMs: 750, stepMs: 50})
  share.arrived(2000)
  assert.is(share.budget(long), 300)
  for (let piece = 0; piece < 32; piece++) share.spent(8)
  assert.is(share.budget(long), 94)
})

test('moments make no gap longer than the longest', () => {
  const share = knowing(linear, {longestGapMs: 100, stepMs: 50})
  for (let prompt = 0; prompt < 12; prompt++) share.arrived(60)
  assert.is(share.budget({...long, prompts: 12}), 50)
})

test('moments of several prompts add up', () => {
  const share = knowing(linear, {longestGapMs: 750, stepMs: 50})
  for (let prompt = 0; prompt < 3; prompt++) share.arrived(60)
  assert.is(share.budget(long), 230)
})

test('a piece of more than 32 tokens is tried as one of 64, twice', () => {
  const share = knowing(linear, {sizes: [32]})
  assert.equal(
    [32, 33, 63, 64, 65].map((tokens) => share.padded(tokens)),
    [32, 64, 64, 64, 65],
  )
  share.measured(64, 64)
  assert.is(share.padded(33), 64, 'the first decode of a size may be slow')
  share.measured(64, 64)
  assert.equal(
    [33, 63].map((tokens) => share.padded(tokens)),
    [33, 63],
  )
  assert.is(new PromptShare(63, 0).padded(40), 40, 'a batch has less than 64')
})

test('a piece is padded up to the quickest measured size, when that is clearly quicker', () => {
  const share = new PromptShare(512, 0)
  for (const [size, ms] of [
    [48, 100],
    [56, 80],
    [64, 50],
    [80, 60],
    [96, 95],
  ] as const)
    share.measured(size, ms)
  assert.equal(
    [48, 56, 64, 80].map((tokens) => share.padded(tokens)),
    [64, 64, 64, 80],
  )
  // 5 % is noise.
  const equal = new PromptShare(512, 0)
  for (const [size, ms] of [
    [48, 100],
    [64, 96],
    [64, 96],
  ] as const)
    equal.measured(size, ms)
  assert.is(equal.padded(48), 48)
})

const milliseconds = fc.double({min: 0, max: 1e6, noNaN: true})
const steps = fc.array(
  fc.record({
    measured: fc.record({tokens: fc.integer({min: 1, max: 600}), ms: milliseconds}),
    waiting: fc.record({
      answers: fc.integer({min: 1, max: 256}),
      prompts: fc.integer({min: 1, max: 256}),
      tokens: fc.integer({min: 1, max: 100_000}),
    }),
    stepMs: milliseconds,
    arrives: fc.option(fc.integer({min: 1, max: 10_000})),
    budgetMs: milliseconds,
  }),
)

test('whatever is measured, pieces fit the batch and are of few sizes', () => {
  const sizes = new Set<number>()
  fc.assert(
    fc.property(steps, fc.integer({min: 1, max: 600}), (all, largest) => {
      const share = new PromptShare(largest, 40)
      for (const {measured, budgetMs} of all) {
        share.measured(measured.tokens, measured.ms)
        const chosen = share.tokens(budgetMs)
        assert.ok(Number.isInteger(chosen) && chosen >= 1 && chosen <= largest)
        sizes.add(chosen)
        assert.ok(share.padded(chosen) >= chosen && share.padded(chosen) <= largest)
      }
    }),
  )
  assert.ok(sizes.size < 40, String(sizes.size))
})

test('whatever is measured, a piece is not expected to take more than 1.3 times what it may', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const share = new PromptShare(512, 40)
      for (const {measured, budgetMs} of all) {
        share.measured(measured.tokens, measured.ms)
        const before = new Map(everySize.map((size) => [size, share.costs.estimate(size)]))
        const chosen = share.tokens(budgetMs)
        assert.ok(chosen === 1 || (before.get(chosen) ?? Infinity) <= 1.3 * budgetMs + 1e-9)
      }
    }),
  )
})

test('whatever comes, prompts have no more than their share, the longest gap and the moments of those that came', () => {
  fc.assert(
    fc.property(steps, fc.integer({min: 0, max: 2000}), (all, longestGapMs) => {
      const share = new PromptShare(512, longestGapMs)
      let moments = 0
      let slowest = 0
      for (const {measured, waiting, stepMs, arrives} of all) {
        share.measured(measured.tokens, measured.ms)
        share.answered(stepMs)
        slowest = Math.max(slowest, stepMs)
        if (arrives !== null) share.arrived(arrives)
        if (arrives !== null) moments += 250
        const most = Math.max(slowest * Math.max(1, waiting.prompts / waiting.answers), longestGapMs)
        const ms = share.budget(waiting)
        assert.ok(ms >= 0 && ms <= most + moments + 1e-6, `${ms} of ${most}`)
        share.spent(ms)
      }
    }),
  )
})
