import {readFile} from 'node:fs/promises'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {initBackend} from '../../src/index.js'
import {GraphPool} from '../../src/wasm/index.js'
import {readPreloads} from '../../src/wasm/host/preloads.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {asked, Bare} from './support/bare.js'
import {run} from './support/guests.js'

const test = suite('guests that share a model', {timeoutMs: 30_000})
const chat = path.join(import.meta.dirname, '../../fixtures/guests/chat.wasm')

const questions = [
  ['Hello!', 'Hello! How can I help you?'],
  ['What is 4 + 5?', '4 + 5 = 9.'],
  ['What is the capital of France?', 'The capital of France is Paris.'],
  ['What is my name?', 'You have not told me your name.'],
] as const

test('four at once get the right answers from one loaded model, which the last one unloads', async (t) => {
  const backend = await initBackend()
  t.after(() => backend.deinit())
  const [guest, pool] = [await readFile(chat), new GraphPool(backend)]
  let mostGraphs = 0
  const runs = questions.map(([question]) =>
    run(guest, backend, {
      ...{pool, input: `${question}\n${question}\n`, preloads: readPreloads([`default:GGML:AUTO:${qwen}`])},
      config: {sampling: {temp: 0, repeat_penalty: 1}, model: {threads: 1}},
      onCall: ({request}) => {
        if (request.call !== 'compute') return
        void backend.core.graphs().then(({length}) => (mostGraphs = Math.max(mostGraphs, length)))
      },
    }),
  )
  for (const [index, {result, stdout}] of (await Promise.all(runs)).entries()) {
    assert.is(result.kind === 'exit' && result.code, 0)
    assert.is(stdout.split('\n')[0], questions[index]?.[1])
  }
  assert.is(mostGraphs, 1)
  assert.equal(await backend.core.graphs(), [])
})

test('a guest reaches only its own handles, and its unload does not touch those of another', async (t) => {
  const backend = await initBackend()
  t.after(() => backend.deinit())
  const pool = new GraphPool(backend)
  const [one, other] = [new Bare(backend, {pool}), new Bare(backend, {pool})]
  const {context} = await one.open()
  await one.init()
  await other.open()
  assert.is(await other.setInput(context + 1, 0, 'Hello'), 1)
  assert.is((await other.output(context + 1)).errno, 1)
  assert.is(await other.setInput(0, 0, asked('What is 4 + 5?')), 0)
  await one.setInput(context, 0, asked('Hello!'))
  assert.is(await one.call('compute', context), 0)
  const computing = other.call('compute', 0)
  assert.is(await one.call('unload', 0), 0)
  assert.is(await computing, 0)
  assert.is((await other.output(0)).text, '4 + 5 = 9.')
  assert.is((await one.output(context)).text, 'Hello! How can I help you?')
  assert.is(await other.setInput(0, 1, '{"n-gpu-layers": 5}'), 6)
  await other.host.dispose()
  assert.equal(await backend.core.graphs(), [])
})
