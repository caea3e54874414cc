import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {planShift, type Shiftable} from '../../../../src/backend/engine/child/shift.js'
import {suite} from '../../../support/suite.js'

const test = suite('context shift')

const plan = (length: number, turns: number[], keep: number, discard: number, protectedTokens = 0) => {
  const shiftable: Shiftable = {turns, protectedTokens}
  return {...planShift(length, shiftable, {keep, discard}), turns: shiftable.turns}
}

test('whole turns go, from the first that may to the first that is far enough', () => {
  assert.equal(plan(1000, [0, 100, 180, 300, 420, 700], 128, 200), {from: 180, count: 240, turns: [0, 100, 180, 460]})
})

test('the system prompt stays, however little n_keep_tokens asks for', () => {
  assert.equal(plan(1000, [0, 300, 500], 0, 100, 300).from, 300)
  assert.equal(plan(1000, [], 0, 100, 300).from, 300)
})

test('without turns to go by, exactly n_discard_tokens behind n_keep_tokens', () => {
  assert.equal(plan(1000, [], 128, 256), {from: 128, count: 256, turns: []})
})

test('an answer longer than the context loses its own beginning', () => {
  assert.equal(plan(1000, [0, 20], 128, 256), {from: 128, count: 256, turns: [0, 20]})
})

test('something always goes, something always stays, and never what is protected', () => {
  const turns = fc.uniqueArray(fc.nat(500), {maxLength: 10}).map((list) => list.sort((a, b) => a - b))
  fc.assert(
    fc.property(
      ...([fc.integer({min: 2, max: 500}), turns, fc.nat(600), fc.nat(600), fc.nat(600)] as const),
      (length, list, keep, discard, guarded) => {
        const {from, count, turns: left} = plan(length, list, keep, discard, guarded)
        assert.ok(count >= 1 && from >= 0 && from + count <= length, `${from} + ${count} of ${length}`)
        assert.ok(from >= Math.min(guarded, length - 2))
        assert.equal(
          left,
          [...left].sort((a, b) => a - b),
        )
      },
    ),
  )
})
