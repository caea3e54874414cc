import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {PromptLookup} from '../../../../src/backend/engine/child/prompt-lookup.js'
import {suite} from '../../../support/suite.js'

const test = suite('prompt lookup')

test('it guesses what followed the last three tokens before', () => {
  const lookup = new PromptLookup([1, 2, 3, 4, 5, 6, 1, 2, 3])
  assert.equal(lookup.guess(3), [4, 5, 6])
  assert.equal(lookup.guess(1), [4])
})

test('tokens that stand there for the first time have no guess', () => {
  assert.equal(new PromptLookup([1, 2, 3]).guess(4), [])
  assert.equal(new PromptLookup([1, 2]).guess(4), [])
  assert.equal(new PromptLookup([1, 2, 3, 4, 2, 3]).guess(4), [])
})

test('the newest occurrence counts', () => {
  assert.equal(new PromptLookup([1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3]).guess(1), [5])
})

test('the answer is part of the text', () => {
  const lookup = new PromptLookup([1, 2, 3, 4])
  for (const token of [9, 1, 2, 3]) lookup.add(token)
  assert.equal(lookup.guess(2), [4, 9])
})

test('the accuracy follows guesses that came true or not, used or not', () => {
  const lookup = new PromptLookup([1, 2, 3, 4, 5, 1, 2, 3])
  const before = lookup.accuracy
  lookup.add(4)
  const better = lookup.accuracy
  assert.ok(better > before)
  lookup.add(99)
  assert.ok(lookup.accuracy < better)
  const unchanged = lookup.accuracy
  lookup.add(50)
  assert.is(lookup.accuracy, unchanged, 'there was no guess')
})

test('whatever the text, a guess is what followed the last three tokens somewhere', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({min: 0, max: 3}), {maxLength: 80}), fc.integer({min: 1, max: 9}), (text, most) => {
      const lookup = new PromptLookup(text.slice(0, 20))
      for (const token of text.slice(20)) lookup.add(token)
      const places = text.flatMap((_, at) =>
        at >= 3 && at < text.length && text.length >= 3 && text.slice(at - 3, at).join() === text.slice(-3).join()
          ? [at]
          : [],
      )
      const newest = places.at(-1)
      assert.equal(lookup.guess(most), newest === undefined ? [] : text.slice(newest, newest + most))
    }),
    {numRuns: 500},
  )
})
