import * as assert from 'uvu/assert'
import {CrashPolicy} from '../../../src/backend/models/crash-policy.js'
import {ManualClock} from '../../support/manual-clock.js'
import {suite} from '../../support/suite.js'

const test = suite('crash policy')

test('the first start after a crash is at once, the next ones wait twice as long each', () => {
  const policy = new CrashPolicy(new ManualClock())
  const delays = [1, 2, 3, 4].map(() => {
    policy.crashed()
    return policy.delayMs
  })
  assert.equal(delays, [0, 100, 200, 400])
})

test('four crashes a minute are borne for ever', async () => {
  const clock = new ManualClock()
  const policy = new CrashPolicy(clock)
  for (let at = 0; at < 40; at++) {
    policy.crashed()
    await clock.advance(15_000)
  }
  assert.equal([policy.failed, policy.total], [false, 40])
})

test('after five in a minute it is given up, and stays so', async () => {
  const clock = new ManualClock()
  const policy = new CrashPolicy(clock)
  for (let at = 0; at < 5; at++) policy.crashed()
  assert.ok(policy.failed)
  await clock.advance(3_600_000)
  assert.ok(policy.failed)
})
