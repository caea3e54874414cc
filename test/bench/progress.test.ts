import * as assert from 'uvu/assert'
import {Eta} from '../../src/bench/progress.js'
import {suite} from '../support/suite.js'

const test = suite('time left of a run')

test("a test's steps take as long as its own did, others as long as all on average", () => {
  let now = 0
  const eta = new Eta({tests: 3, subjects: 1, repetitions: 2, warmup: 1}, () => now)
  const step = (name: string, ms: number): number | undefined => {
    const left = eta.step(name)
    now += ms
    return left
  }
  assert.is(step('a', 10), undefined)
  assert.is(step('a', 10), 2 * 10 + 2 * 3 * 10)
  assert.is(step('a', 10), 1 * 10 + 2 * 3 * 10)
  assert.is(step('b', 30), 3 * 10 + 1 * 3 * 10)
  // Of b there is one now, of 30; the mean of all is 15.
  assert.is(step('b', 30), 2 * 30 + 1 * 3 * 15)
})
