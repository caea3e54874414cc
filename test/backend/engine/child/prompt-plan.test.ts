import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {CostCurve} from '../../../../src/backend/engine/child/cost-curve.js'
import type {Generation} from '../../../../src/backend/engine/child/generation.js'
import {countPasses} from '../../../../src/backend/engine/child/passes.js'
import {planPrompts} from '../../../../src/backend/engine/child/prompt-plan.js'
import {suite} from '../../../support/suite.js'

const test = suite('prompt plan')

interface Waiting {
  slot: number
  length: number
  turn?: number
  credits?: number
}

const waiting = ({slot, length, turn = length, credits = Infinity}: Waiting): Generation =>
  ({
    slot: {id: slot},
    promptRest: Uint32Array.from({length}, (_, index) => 1000 * slot + index),
    turn,
    credits,
  }) as unknown as Generation

/** Slot, number of tokens and whether they are sampled from, of each piece. */
const planned = (prompts: readonly Waiting[], room: number, costs = passesCost): [number, number, boolean][] =>
  planPrompts(prompts.map(waiting), room, costs).map(({generation, tokens, samples}) => [
    generation.slot.id,
    tokens.length,
    samples,
  ])

const curve = (cost: (tokens: number) => number): CostCurve => {
  const costs = new CostCurve()
  for (let tokens = 1; tokens <= 1024; tokens++) costs.measured(tokens, cost(tokens))
  return costs
}
/** A pass has its price, and tokens are cheap. */
const passesCost = curve((tokens) => 100 + tokens)
const tokensCost = curve((tokens) => tokens)

test('the prompt whose turn it is goes first, with as many tokens as there is room for', () => {
  const prompts = [
    {slot: 0, length: 300, turn: 300},
    {slot: 1, length: 100, turn: 100},
  ]
  assert.equal(planned(prompts, 64), [[1, 64, false]])
  assert.equal(planned(prompts, 512), [[1, 100, true]])
})

test('a prompt that came early goes before a shorter one that came late', () => {
  const prompts = [
    {slot: 0, length: 300, turn: 300},
    {slot: 1, length: 100, turn: 301},
  ]
  assert.equal(planned(prompts, 64), [[0, 64, false]])
})

test('the tokens are the first ones that are left', () => {
  const [piece] = planPrompts([waiting({slot: 2, length: 10})], 3, passesCost)
  assert.equal([...(piece?.tokens ?? [])], [2000, 2001, 2002])
})

test('prompts of equal length in slots side by side share a pass, in the order of the slots', () => {
  const prompts = [5, 3, 4, 6].map((slot) => ({slot, length: 20, turn: slot === 5 ? 0 : 1}))
  assert.equal(
    planned(prompts, 512),
    [3, 4, 5, 6].map((slot) => [slot, 20, true]),
  )
})

test('a prompt behind a gap or of another length does not share it', () => {
  const prompts = [
    {slot: 0, length: 20, turn: 0},
    {slot: 1, length: 21},
    {slot: 2, length: 20},
  ]
  assert.equal(planned(prompts, 512), [[0, 20, true]])
})

test('no more share a pass than there is room for', () => {
  const prompts = [0, 1, 2, 3].map((slot) => ({slot, length: 20}))
  assert.equal(planned(prompts, 50), [
    [0, 20, true],
    [1, 20, true],
  ])
})

test('prompts share no pass where that is not clearly quicker', () => {
  const prompts = [0, 1].map((slot) => ({slot, length: 20}))
  assert.equal(planned(prompts, 512, tokensCost), [[0, 20, true]])
  // 15 % are asked for: 100 + 40 are 0.86 of two times 81.4.
  const nearly = curve((tokens) => (tokens === 20 ? 81.4 : 140))
  assert.equal(planned(prompts, 512, nearly), [[0, 20, true]])
  const clearly = curve((tokens) => (tokens === 20 ? 83 : 140))
  assert.is(planned(prompts, 512, clearly).length, 2)
})

test('without a credit the last token of a prompt waits, and nothing is sampled', () => {
  assert.equal(planned([{slot: 0, length: 20, credits: 0}], 512), [[0, 19, false]])
  assert.equal(planned([{slot: 0, length: 1, credits: 0}], 512), [])
  const prompts = [
    {slot: 0, length: 1, credits: 0, turn: 0},
    {slot: 1, length: 5, turn: 9},
  ]
  assert.equal(planned(prompts, 512), [[1, 5, true]])
})

test('whatever waits, a plan fits the room, is one pass and takes the first in turn', () => {
  const prompt = fc.record({
    slot: fc.nat(15),
    length: fc.oneof(fc.constant(8), fc.integer({min: 1, max: 40})),
    turn: fc.nat(50),
    credits: fc.constantFrom(0, 1, Infinity),
  })
  const prompts = fc.uniqueArray(prompt, {selector: ({slot}) => slot, maxLength: 12})
  fc.assert(
    fc.property(prompts, fc.integer({min: 1, max: 200}), fc.boolean(), (all, room, cheap) => {
      const generations = all.map(waiting)
      const pieces = planPrompts(generations, room, cheap ? passesCost : tokensCost)
      const able = all.filter(({length, credits}) => length > 1 || credits > 0)
      const first = able.toSorted((a, b) => a.turn - b.turn)[0]
      assert.is(pieces.length > 0, first !== undefined)
      if (first === undefined) return
      assert.ok(pieces.some(({generation}) => generation.slot.id === first.slot))
      assert.ok(pieces.reduce((sum, {tokens}) => sum + tokens.length, 0) <= room)
      const parts = pieces.map(({generation, tokens}) => ({sequence: generation.slot.id, tokens: tokens.length}))
      assert.is(countPasses(parts, room), 1)
      for (const {generation, tokens, samples} of pieces) {
        assert.ok(tokens.length > 0)
        assert.is(samples, tokens.length === generation.promptRest.length)
        assert.not(samples && generation.credits === 0)
      }
    }),
    {numRuns: 1000},
  )
})
