import * as assert from 'uvu/assert'
import {suite} from '../../../support/suite.js'
import {FakeContext} from './support/fake-context.js'
import {run, sampled, type Asked} from './support/loop.js'

const test = suite('batch loop with guessed tokens')

/** An answer that says the same seven tokens again and again. */
const repeating = (index: number): number => sampled + (index % 7)
/** One that never says the same. */
const fresh = (index: number): number => sampled + index

const flat = (): FakeContext => {
  const context = new FakeContext()
  context.cost = () => 10
  return context
}

const answersOf = async (asked: readonly Asked[], promptLookup: boolean) => {
  const loop = await run(
    asked.map((one) => ({...one, request: {promptLookup}})),
    {context: flat()},
  )
  return {loop, tokens: loop.finished.toSorted((a, b) => a.id - b.id).map(({tokens}) => tokens)}
}

test('an answer that repeats itself is the same, in fewer steps', async () => {
  const asked = [{prompt: 10, maxTokens: 200, says: repeating}]
  const [without, withGuesses] = [await answersOf(asked, false), await answersOf(asked, true)]
  assert.equal(withGuesses.tokens, without.tokens)
  assert.is(withGuesses.tokens[0]?.length, 200)
  const [steps, before] = [withGuesses, without].map(({loop}) => loop.loop.counts.answer_steps)
  assert.ok((steps ?? 0) < (before ?? 0) / 2, `${steps} of ${before} steps`)
  const {drafted_tokens, accepted_tokens} = withGuesses.loop.loop.counts
  assert.ok(accepted_tokens > 100 && accepted_tokens <= drafted_tokens)
})

test('an answer without repetition costs no guess', async () => {
  const {loop} = await answersOf([{prompt: 10, maxTokens: 100, says: fresh}], true)
  assert.is(loop.loop.counts.drafted_tokens, 0)
})

test('wrong guesses are taken back, and the answer goes on from the right token', async () => {
  // Ninety tokens of a pattern, then another one that begins with three of its tokens.
  const says = (index: number): number => (index < 90 ? repeating(index) : sampled + 500 + (index % 5))
  const asked = [{prompt: 10, maxTokens: 150, says}]
  const [without, withGuesses] = [await answersOf(asked, false), await answersOf(asked, true)]
  assert.equal(withGuesses.tokens, without.tokens)
  const {drafted_tokens, accepted_tokens} = withGuesses.loop.loop.counts
  assert.ok(accepted_tokens < drafted_tokens, 'some were wrong')
})

test('answers side by side have as many guesses each, in one pass', async () => {
  const asked = [1, 2, 3].map((id) => ({
    prompt: 5 + id,
    maxTokens: 120,
    says: (index: number) => sampled + id * 100 + (index % 6),
  }))
  const [without, withGuesses] = [await answersOf(asked, false), await answersOf(asked, true)]
  assert.equal(withGuesses.tokens, without.tokens)
  const {counts} = withGuesses.loop.loop
  // Whether one row by itself is quicker is found out once.
  assert.ok(counts.answer_passes <= counts.answer_steps + 1)
  assert.ok(counts.accepted_tokens > 0)
})

test('no guess goes past the longest answer or the context', async () => {
  const {loop, tokens} = await answersOf([{prompt: 10, maxTokens: 61, says: repeating}], true)
  assert.is(tokens[0]?.length, 61)
  const ends = loop.batches.flat().map(({position, tokens: {length}}) => position + length)
  assert.ok(Math.max(...ends) <= 10 + 61)
})
