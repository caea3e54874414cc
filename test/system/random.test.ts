import * as assert from 'uvu/assert'
import {draw} from '../../src/backend/engine/child/sampling/candidates.js'
import {randomSeed, seededRandom} from '../../src/system/random.js'
import {suite} from '../support/suite.js'

const test = suite('random')

test('a seed gives the same numbers again, another seed others', () => {
  const numbers = (seed: number): number[] => Array.from({length: 5}, seededRandom(seed))
  assert.equal(numbers(1), numbers(1))
  assert.not.equal(numbers(1), numbers(2))
})

test('numbers fill [0, 1) evenly', () => {
  const random = seededRandom(42)
  const buckets = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) {
    const value = random()
    assert.ok(value >= 0 && value < 1)
    const bucket = Math.floor(value * 10)
    buckets[bucket] = (buckets[bucket] ?? 0) + 1
  }
  // Chi-square over 9 degrees of freedom: beyond 27.9 with probability 0.001; the seed is fixed.
  const chiSquare = buckets.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
  assert.ok(chiSquare < 27.9, `chi-square ${chiSquare}`)
})

test('a random seed is never the one that llama.cpp reads as "any"', () => {
  assert.is(
    randomSeed(() => 1 - 2 ** -53),
    0xffff_fffe,
  )
})

test('candidates are drawn by their probability', () => {
  const random = seededRandom(3)
  const counts = [0, 0, 0]
  for (let i = 0; i < 10_000; i++) {
    const index = draw([0.6, 0.3, 0.1], random)
    counts[index] = (counts[index] ?? 0) + 1
  }
  assert.ok(Math.abs((counts[0] ?? 0) - 6000) < 150 && Math.abs((counts[1] ?? 0) - 3000) < 150, String(counts))
})
