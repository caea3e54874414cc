import {readFile} from 'node:fs/promises'
import * as assert from 'uvu/assert'
import {localTarget} from '../../src/suites/index.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'

const test = suite('local target', {timeoutMs: 30_000})

test('its probe sees the engine and the temporary file of a backend, and neither when that is released', async () => {
  const {init, probe} = localTarget()
  const backend = await init('{"threads": 1}', {strict: true})
  await backend.load([await readFile(qwen)], 'ggml', 'cpu')
  const remains = (await probe?.remains(backend)) ?? []
  assert.match(remains[0] ?? '', /^process \d+$/)
  assert.match(remains[1] ?? '', /wnn-models/)
  assert.is(remains.length, 2)
  await backend.deinit()
  assert.equal(await probe?.remains(backend), [])
})

test('its probe can kill an engine, which is gone then', async (t) => {
  const {init, probe} = localTarget()
  const backend = await init('{"threads": 1}', {strict: true})
  t.after(() => backend.deinit())
  const graph = await backend.loadByName(qwen)
  const [before] = (await backend.status('memory')).graphs
  await probe?.killEngine(backend, graph)
  // Another one may be on its way already.
  const remains = (await probe?.remains(backend)) ?? []
  assert.not(remains.includes(`process ${before?.engine_pid ?? 0}`))
})
