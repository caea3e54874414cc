import * as assert from 'uvu/assert'
import {realClock} from '../../src/system/clock.js'
import {suite} from '../support/suite.js'

const test = suite('clock')

const keepingAlive = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('it calls back once, when the time is up', async () => {
  const start = realClock.now()
  await new Promise<void>((resolve) => realClock.after(20, resolve))
  // Node's timers may fire up to a millisecond early.
  assert.ok(realClock.now() - start >= 19)
})

test('a cancelled one is not called, and keeps nothing alive', () => {
  const before = keepingAlive()
  const cancel = realClock.after(60_000, () => assert.unreachable())
  assert.is(keepingAlive(), before + 1)
  cancel()
  assert.is(keepingAlive(), before)
})

test('with unref it does not keep the process alive', () => {
  const before = keepingAlive()
  const cancel = realClock.after(60_000, () => assert.unreachable(), {unref: true})
  assert.is(keepingAlive(), before)
  cancel()
})
