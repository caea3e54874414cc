import * as assert from 'uvu/assert'
import {LocalBackend} from '../../src/backend/host/local.js'
import {readOutput, textTensor} from '../../src/index.js'
import {ask, qwen, type Opened} from '../support/fixtures.js'
import {rejects} from '../support/rejects.js'
import {suite, type TestContext} from '../support/suite.js'
import {watchedCore} from './support/local-core.js'

// Engines that are stopped, and such that are only busy, with limits that a test can wait for.
const test = suite('an engine that hangs', {timeoutMs: 20_000})
const heartbeat = {beatMs: 50, silentMs: 400, busyMs: 60_000}
const endless = {ignore_eos: true, max_tokens: -1, max_time_ms: 0, timeout_ms: 60_000}

async function open(t: TestContext, own: object = {}): Promise<Opened> {
  const backend = new LocalBackend(await watchedCore(own, heartbeat))
  t.after(() => backend.deinit())
  const graph = await backend.loadByName(qwen)
  return {backend, graph, context: await backend.initExecutionContext(graph)}
}

const stop = async ({backend}: Opened): Promise<void> => {
  const [graph] = (await backend.status('memory')).graphs
  process.kill(graph?.engine_pid ?? NaN, 'SIGSTOP')
}

const crashes = async ({backend}: Opened): Promise<[count: number | undefined, why: string | null | undefined]> => {
  const [graph] = (await backend.status('model')).graphs
  return [graph?.crashes, graph?.last_crash]
}

test('is ended, and what it had to answer is answered by the next one', async (t) => {
  const opened = await open(t)
  // Before it can have begun: of an answer that was begun a second attempt would be another one.
  await stop(opened)
  const answer = ask(opened, 'Tell me a story.', {...endless, max_tokens: 400})
  assert.is((await answer).metadata.output_tokens, 400)
  const [count, why] = await crashes(opened)
  assert.is(count, 1)
  assert.match(why ?? '', /hung and was ended: it has not answered and not computed for 0\.\d+ s/)
})

test('fails an answer that has been begun, keeps its text, and the next one is answered', async (t) => {
  const opened = await open(t)
  const {backend, context} = opened
  await backend.setInput(context, 1, textTensor(JSON.stringify(endless)))
  await backend.setInput(context, 0, textTensor('Tell me a story.'))
  let heard = ''
  let stopping: Promise<void> | undefined
  const answer = backend.compute(context, {
    onText: (text) => {
      heard += text
      stopping ??= stop(opened)
    },
  })
  await rejects(answer, 'runtime_error', /engine process hung/)
  assert.is(await readOutput(backend, context), heard)
  assert.is((await ask(opened, 'What is 4 + 5?')).text, '4 + 5 = 9.')
})

test('is replaced while it has nothing to do', async (t) => {
  const opened = await open(t)
  await stop(opened)
  while ((await crashes(opened))[0] === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.is((await ask(opened, 'What is 4 + 5?')).text, '4 + 5 = 9.')
})

test('is not one that decodes a long prompt, or whose event loop is held up by a long text', async (t) => {
  const opened = await open(t, {ctx_size: 8192, batch_size: 8192, parallel: 1})
  const from = performance.now()
  await ask(opened, 'Tell me a story. '.repeat(700), {...endless, max_tokens: 1, prompt_mode: 'raw'})
  const decoded = performance.now()
  await rejects(ask(opened, 'word '.repeat(1_000_000), {...endless, prompt_mode: 'raw'}), 'prompt_too_long')
  const times = [decoded - from, performance.now() - decoded]
  assert.is((await crashes(opened))[0], 0)
  if (Math.min(...times) < heartbeat.silentMs) t.skip('This machine is too quick for it to tell anything.')
})
