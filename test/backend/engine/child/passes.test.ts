import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {countPasses, type BatchPart} from '../../../../src/backend/engine/child/passes.js'
import {suite} from '../../../support/suite.js'
import {splitEqual} from './support/split-equal.js'

const test = suite('passes over the weights')

const ones = (...sequences: number[]): BatchPart[] => sequences.map((sequence) => ({sequence, tokens: 1}))

test('sequences whose ids rise by one share a pass', () => {
  assert.is(countPasses(ones(3, 4, 5, 6), 512), 1)
  assert.is(countPasses([], 512), 0)
})

test('a gap and a wrong order end a pass', () => {
  assert.is(countPasses(ones(0, 1, 3), 512), 2)
  assert.is(countPasses(ones(0, 2, 4, 6), 512), 4)
  assert.is(countPasses(ones(3, 2, 1, 0), 512), 4)
})

test('sequences join a pass over what stands between them in the batch', () => {
  assert.is(countPasses(ones(0, 7, 1, 2), 512), 2)
})

test('unequal lengths take a pass for what the longer ones have left', () => {
  const parts = [
    {sequence: 0, tokens: 10},
    {sequence: 1, tokens: 4},
  ]
  assert.is(countPasses(parts, 512), 2)
})

test('a pass has at most so many tokens', () => {
  assert.is(countPasses([{sequence: 0, tokens: 100}], 32), 4)
  const two = [0, 1].map((sequence) => ({sequence, tokens: 20}))
  // 16 of each, then 4 of each.
  assert.is(countPasses(two, 32), 2)
})

test('the count is that of split_equal, for any batch', () => {
  const batch = fc.uniqueArray(fc.record({sequence: fc.nat(12), tokens: fc.integer({min: 1, max: 20})}), {
    selector: ({sequence}) => sequence,
    maxLength: 12,
  })
  // Batches of a server are mostly of equal lengths in rising order, with gaps.
  const rising = fc
    .tuple(batch, fc.integer({min: 1, max: 6}))
    .map(([parts, tokens]) => parts.map((part) => ({...part, tokens})).sort((a, b) => a.sequence - b.sequence))
  fc.assert(
    fc.property(fc.oneof(batch, rising), fc.integer({min: 1, max: 40}), (parts, most) => {
      const sequences = parts.flatMap(({sequence, tokens}) => Array<number>(tokens).fill(sequence))
      assert.is(countPasses(parts, most), splitEqual(sequences, most).length)
    }),
    {numRuns: 2000},
  )
})
