import * as assert from 'uvu/assert'
import {applyDry, type DryOptions} from '../../../../../src/backend/engine/child/sampling/dry.js'
import {suite} from '../../../../support/suite.js'

const test = suite('DRY')

const options: DryOptions = {multiplier: 1, base: 2, allowedLength: 2, lastTokens: -1, breakers: []}
const texts = ['', 'a', 'b', 'c', 'd', '\n']

/** What is taken from the logit of each token 1 to 5 after this history. */
const penalties = (history: number[], changed: Partial<DryOptions> = {}): number[] => {
  const candidates = [1, 2, 3, 4, 5].map((id) => ({id, logit: 0}))
  const result = applyDry(candidates, history, {...options, ...changed}, (token) => texts[token] ?? '')
  return [1, 2, 3, 4, 5].map((id) => 0 - (result.find((candidate) => candidate.id === id)?.logit ?? NaN))
}

test('the token that would lengthen a repetition is penalized by its length', () => {
  // "a b" was followed by c, and "a b" has just been said again.
  assert.equal(penalties([1, 2, 3, 1, 2]), [0, 0, 1, 0, 0])
  // "a b c" was followed by d: one longer, twice the penalty.
  assert.equal(penalties([1, 2, 3, 4, 1, 2, 3]), [0, 0, 0, 2, 0])
})

test('a repetition shorter than allowed costs nothing', () => {
  assert.equal(penalties([2, 3, 1, 2]), [0, 0, 0, 0, 0])
})

test('the longest repetition of several counts', () => {
  assert.equal(penalties([4, 2, 3, 1, 4, 2, 3, 4, 2]), [0, 0, 1, 0, 0])
  assert.equal(penalties([1, 4, 2, 3, 1, 4, 2]), [0, 0, 2, 0, 0])
})

test('a repetition cannot reach across a breaker, and a breaker is never penalized', () => {
  assert.equal(penalties([1, 5, 3, 1, 5], {breakers: ['\n']}), [0, 0, 0, 0, 0])
  assert.equal(penalties([1, 2, 5, 1, 2], {breakers: ['\n']}), [0, 0, 0, 0, 0])
  assert.equal(penalties([1, 2, 5, 1, 2]), [0, 0, 0, 0, 1])
})

test('only the last tokens are looked at when so configured', () => {
  assert.equal(penalties([1, 2, 3, 4, 4, 1, 2], {lastTokens: 4}), [0, 0, 0, 0, 0])
})

test('a multiplier of 0 is off', () => assert.equal(penalties([1, 2, 3, 1, 2], {multiplier: 0}), [0, 0, 0, 0, 0]))
