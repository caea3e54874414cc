import * as assert from 'uvu/assert'
import {atMostEvery} from '../../src/batch/model/at-most-every.js'
import {ManualClock} from '../support/manual-clock.js'
import {rejects} from '../support/rejects.js'
import {suite} from '../support/suite.js'
import {NnError} from '../../src/errors.js'

const test = suite('a check that costs something')

test('is made once in a while, and one that is being made is waited for', async () => {
  const clock = new ManualClock()
  const ends: (() => void)[] = []
  const check = atMostEvery(1000, () => new Promise((resolve) => void ends.push(resolve)), clock)
  await check()
  await clock.advance(999)
  await check()
  assert.is(ends.length, 0)
  await clock.advance(1000)
  let waiting = 2
  const both = [check(), check()].map((each) => each.then(() => (waiting -= 1)))
  assert.equal([ends.length, waiting], [1, 2])
  await clock.advance(3000)
  ends[0]?.()
  await Promise.all(both)
  await check()
  assert.equal([ends.length, waiting], [1, 0])
  await clock.advance(4000)
  const next = check()
  assert.is(ends.length, 2)
  ends[1]?.()
  await next
})

test('fails for all who wait for it', async () => {
  const clock = new ManualClock()
  const check = atMostEvery(10, () => Promise.reject(new NnError('runtime_error', 'switched')), clock)
  await clock.advance(10)
  await Promise.all([check(), check()].map((each) => rejects(each, 'runtime_error', /switched/)))
})
