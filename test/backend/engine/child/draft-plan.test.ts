import * as assert from 'uvu/assert'
import {planDraft} from '../../../../src/backend/engine/child/draft-plan.js'
import {suite} from '../../../support/suite.js'

const test = suite('draft plan')

/** As measured on the random model of 114 M parameters: one row is cheap, further ones are not. */
const cpu = (rows: number): number => (rows === 1 ? 7.5 : 12 + 2.2 * rows)
/** Reading the weights is all that takes time. */
const flat = (): number => 20

test('guesses that come true are worth it, those that do not are not', () => {
  assert.ok(planDraft([{length: 15, accuracy: 0.95}], cpu) >= 3)
  assert.is(planDraft([{length: 15, accuracy: 0.5}], cpu), 0)
  assert.is(planDraft([{length: 15, accuracy: 0}], flat), 0)
})

test('where rows are free, even poor guesses are', () => {
  assert.ok(planDraft([{length: 15, accuracy: 0.5}], flat) > 0)
})

test('all answers of a step have as many, so one without a guess ends it', () => {
  const good = {length: 15, accuracy: 0.9}
  assert.is(planDraft([good, {length: 0, accuracy: 0.9}], flat), 0)
  assert.ok(planDraft([good, {length: 2, accuracy: 0.9}], flat) <= 2)
})

test('no more than 15, and none where costs are not known', () => {
  assert.is(planDraft([{length: 500, accuracy: 1}], flat), 15)
  assert.is(
    planDraft([{length: 5, accuracy: 1}], () => Infinity),
    0,
  )
})
