import * as assert from 'uvu/assert'
import {endEngineAhead, startEngineAhead, takeEngine} from '../../../../src/backend/engine/host/engine-ahead.js'
import {enginesOf} from '../../../support/processes.js'
import {suite} from '../../../support/suite.js'

const test = suite('an engine that is started ahead', {timeoutMs: 20_000})

test('is taken once, by a model that wants one like it', async (t) => {
  startEngineAhead()
  const [ahead] = enginesOf()
  const [first, second] = [takeEngine(1), takeEngine(1)]
  t.after(() => Promise.all([first.end(), second.end()]))
  assert.is(enginesOf().length, 2)
  await second.end()
  assert.equal(enginesOf(), [ahead])
})

test('ends when a model wants another one', async (t) => {
  startEngineAhead()
  const [ahead] = enginesOf()
  const other = takeEngine(4)
  t.after(() => other.end())
  await other.end()
  while (enginesOf().length > 0) await new Promise((resolve) => setImmediate(resolve))
  assert.is(typeof ahead, 'number')
})

test('ends when it is not needed', async () => {
  startEngineAhead()
  await endEngineAhead()
  assert.equal(enginesOf(), [])
  await endEngineAhead()
})
