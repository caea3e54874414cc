import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {countPasses} from '../../../../src/backend/engine/child/passes.js'
import {planRuns, type Run} from '../../../../src/backend/engine/child/row-plan.js'
import {suite} from '../../../support/suite.js'

const test = suite('row plan')

const idsOf = ({from, to}: Run): number[] => Array.from({length: to - from + 1}, (_, index) => from + index)
const priceOf = (runs: readonly Run[], cost: (rows: number) => number): number =>
  runs.reduce((sum, run) => sum + cost(idsOf(run).length), 0)
const always = (): boolean => true
const never = (): boolean => false
/** A pass has its price, and rows are cheap. */
const passesCost = (rows: number): number => 20 + rows

test('nothing to do is no run', () => {
  assert.equal(planRuns([], always, passesCost), [])
})

test('consecutive slots are one run', () => {
  assert.equal(planRuns([2, 3, 4], never, passesCost), [{from: 2, to: 4}])
})

test('a gap is closed where its slots can take a row, else it ends the run', () => {
  assert.equal(planRuns([0, 1, 4], always, passesCost), [{from: 0, to: 4}])
  assert.equal(
    planRuns([0, 1, 4], (slot) => slot === 2, passesCost),
    [
      {from: 4, to: 4},
      {from: 0, to: 1},
    ],
  )
})

test('a gap is left where rows cost more than a pass', () => {
  const rowsCost = (rows: number): number => 1 + rows * 10
  assert.equal(planRuns([0, 5], always, rowsCost), [
    {from: 5, to: 5},
    {from: 0, to: 0},
  ])
})

test('with nothing measured, fewer passes are better', () => {
  assert.equal(
    planRuns([0, 15], always, () => Infinity),
    [{from: 0, to: 15}],
  )
})

test('a few rows go one by one where a single row is far cheaper', () => {
  const singleIsCheap = (rows: number): number => (rows === 1 ? 10 : 30 + rows)
  assert.equal(planRuns([3, 4], never, singleIsCheap), [
    {from: 4, to: 4},
    {from: 3, to: 3},
  ])
  // A little cheaper is noise.
  const singleIsCheaper = (rows: number): number => (rows === 1 ? 10 : 21)
  assert.equal(planRuns([3, 4], never, singleIsCheaper), [{from: 3, to: 4}])
})

test('what fewer passes cost more is one budget for the whole plan', () => {
  // Four single rows take 40 ms. 7 ms more are allowed: enough for one pair in a pass, not for two.
  const cost = (rows: number): number => [0, 10, 26.5][rows] ?? 1000
  assert.equal(planRuns([0, 1, 8, 9], always, cost), [
    {from: 8, to: 9},
    {from: 1, to: 1},
    {from: 0, to: 0},
  ])
})

const slots = fc.uniqueArray(fc.nat(15), {minLength: 1, maxLength: 8}).map((ids) => ids.sort((a, b) => a - b))
const fillable = fc.uniqueArray(fc.nat(15))
const anyCost = fc
  .array(fc.oneof({weight: 9, arbitrary: fc.double({min: 0, max: 1000, noNaN: true})}, fc.constant(Infinity)), {
    minLength: 16,
    maxLength: 16,
  })
  .map((prices) => (rows: number) => prices[rows - 1] ?? Infinity)
/** Increasing and concave, from above 0: each row more costs something, and no more than the row before it. */
const concaveCost = fc
  .array(fc.double({min: 0.01, max: 100, noNaN: true}), {minLength: 16, maxLength: 16})
  .map((increments) => {
    const falling = increments.sort((a, b) => b - a)
    return (rows: number) => falling.slice(0, rows).reduce((sum, ms) => sum + ms, 0)
  })

test('each wanted slot is in one run, runs hold nothing but these and what can be filled, and they fall', () => {
  fc.assert(
    fc.property(slots, fillable, anyCost, (wanted, filled, cost) => {
      const runs = planRuns(wanted, (slot) => filled.includes(slot), cost)
      const rows = runs.flatMap(idsOf)
      assert.is(new Set(rows).size, rows.length)
      for (const slot of wanted) assert.ok(rows.includes(slot))
      for (const slot of rows) assert.ok(wanted.includes(slot) || filled.includes(slot))
      for (const {from, to} of runs) assert.ok(wanted.includes(from) && wanted.includes(to))
      for (const [index, {from}] of runs.entries()) assert.ok((runs[index + 1]?.to ?? -1) < from)
    }),
    {numRuns: 1000},
  )
})

test('llama.cpp makes one pass of each run', () => {
  fc.assert(
    fc.property(slots, fillable, anyCost, (wanted, filled, cost) => {
      const runs = planRuns(wanted, (slot) => filled.includes(slot), cost)
      const parts = runs.flatMap(idsOf).map((sequence) => ({sequence, tokens: 1}))
      assert.is(countPasses(parts, 512), runs.length)
    }),
    {numRuns: 1000},
  )
})

test('a block of more than four consecutive slots is never split', () => {
  fc.assert(
    fc.property(fc.integer({min: 5, max: 12}), fc.nat(4), anyCost, (length, first, cost) => {
      const block = Array.from({length}, (_, index) => first + index)
      assert.equal(planRuns(block, always, cost), [{from: first, to: first + length - 1}])
    }),
  )
  fc.assert(
    fc.property(slots, fillable, anyCost, (wanted, filled, cost) => {
      if (wanted.length <= 4) return
      for (const {from} of planRuns(wanted, (slot) => filled.includes(slot), cost)) {
        assert.not(wanted.includes(from - 1))
      }
    }),
  )
})

/** The least time of any way to cut the slots into runs, gaps filled. */
const leastTime = (wanted: readonly number[], cost: (rows: number) => number): number => {
  let least = Infinity
  for (let cuts = 0; cuts < 2 ** (wanted.length - 1); cuts++) {
    let ms = 0
    let from = wanted[0] ?? 0
    for (const [index, slot] of wanted.entries()) {
      const ends = index === wanted.length - 1 || (cuts & (1 << index)) !== 0
      if (!ends) continue
      ms += cost(slot - from + 1)
      from = wanted[index + 1] ?? 0
    }
    least = Math.min(least, ms)
  }
  return least
}

test('with increasing concave costs the plan takes at most 1.18 times as long as the best one', () => {
  fc.assert(
    fc.property(slots, concaveCost, (wanted, cost) => {
      const ms = priceOf(planRuns(wanted, always, cost), cost)
      assert.ok(ms <= 1.18 * leastTime(wanted, cost), `${ms} ms instead of ${leastTime(wanted, cost)}`)
    }),
    {numRuns: 5000},
  )
})
