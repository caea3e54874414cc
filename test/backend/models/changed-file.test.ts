import {
  copyFileSync,
  openSync,
  closeSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import type {GraphStatus} from '../../../src/backend/contract/status.js'
import {ask, openBackend, phi3, qwen, type Opened} from '../../support/fixtures.js'
import {rejects} from '../../support/rejects.js'
import {splitModel} from '../../support/split-gguf.js'
import {suite, type TestContext} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('a model file that changes while it is loaded', {timeoutMs: 20_000})

interface Changing extends Opened {
  file: string
}

async function open(t: TestContext, config: object = {}, stateDir?: string): Promise<Changing> {
  const file = path.join(temporaryFolder(t), 'model.gguf')
  copyFileSync(qwen, file)
  const opened = await openBackend(config, {model: file, ...(stateDir !== undefined && {stateDir})})
  t.after(() => opened.backend.deinit())
  return {...opened, file}
}

const status = async ({backend}: Opened): Promise<GraphStatus> => {
  const [graph] = await backend.core.graphs()
  if (graph === undefined) throw new Error('There is no graph.')
  return graph
}

/** Kills the engine and waits until the host has noticed. */
const kill = async (opened: Opened): Promise<void> => {
  const {crashes} = await status(opened)
  const [graph] = (await opened.backend.status('memory')).graphs
  process.kill(graph?.engine_pid ?? NaN, 'SIGKILL')
  while ((await status(opened)).crashes === crashes) await new Promise((resolve) => setImmediate(resolve))
}

const answers = async (opened: Opened): Promise<void> => {
  assert.is((await ask(opened, 'What is 4 + 5?', {history: []})).text, '4 + 5 = 9.')
}

test('one that is replaced goes on as it was, says so, and is not started again', async (t) => {
  const opened = await open(t)
  const other = `${opened.file}.new`
  copyFileSync(phi3, other)
  renameSync(other, opened.file)
  await answers(opened)
  const {state, file_change: change} = await status(opened)
  assert.is(state, 'ready')
  assert.match(change ?? '', /^was replaced: it had 1810176 bytes of \S+, and now has 2327328 bytes of \S+$/)
  await kill(opened)
  const error = await rejects(ask(opened, 'Hello!'), 'runtime_error', /model\.gguf was replaced: it had 1810176 bytes/)
  assert.is(error.reason, 'model_changed')
  assert.match(error.hint ?? '', /^Put the old file back.*wnn status --why/)
  const failed = await status(opened)
  assert.is(failed.state, 'failed')
  assert.match(failed.failure ?? '', /was replaced/)
})

test('one that comes back with the same contents continues, whatever its times say', async (t) => {
  const opened = await open(t)
  rmSync(opened.file)
  await kill(opened)
  await rejects(ask(opened, 'Hello!'), 'runtime_error', /was removed or renamed/)
  assert.is((await status(opened)).state, 'failed')
  copyFileSync(qwen, opened.file)
  await answers(opened)
  assert.equal([(await status(opened)).state, (await status(opened)).file_change], ['ready', null])
})

for (const [how, stateDir] of [
  ['a sample of it', false],
  ['its checksum', true],
] as const) {
  test(`one that was only touched is the same by ${how}`, async (t) => {
    const opened = await open(t, {}, stateDir ? temporaryFolder(t) : undefined)
    utimesSync(opened.file, new Date(), new Date(0))
    await answers(opened)
    const {content_id: before} = await status(opened)
    await kill(opened)
    await answers(opened)
    const {state, content_id: now, file_change: change} = await status(opened)
    assert.equal([state, now, change], ['ready', before, null])
  })
}

for (const [how, stateDir, found] of [
  ['found by the checksum, where it is known', true, true],
  ['not found by a sample', false, false],
] as const) {
  test(`one bit that no piece of a sample has is ${how}`, async (t) => {
    const file = path.join(temporaryFolder(t), 'model.gguf')
    const bytes = Buffer.concat([readFileSync(qwen), Buffer.alloc(8 << 20)])
    writeFileSync(file, bytes)
    const opened = await openBackend({}, {model: file, ...(stateDir && {stateDir: temporaryFolder(t)})})
    t.after(() => opened.backend.deinit())
    bytes[Math.floor((10.5 * bytes.length) / 17)] = 1
    writeFileSync(`${file}.new`, bytes)
    renameSync(`${file}.new`, file)
    await kill(opened)
    const answer = ask(opened, 'Hello!')
    if (found) await rejects(answer, 'runtime_error', /was replaced/)
    else await answer
  })
}

test('one that is overwritten in place gives no answer of other weights, and its requests fail for that reason', async (t) => {
  const opened = await open(t)
  const {backend, context, file} = opened
  await answers(opened)
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(200_000, 60), 0, 200_000, 1_000_000)
  closeSync(descriptor)
  const error = await rejects(ask({backend, context}, 'Hello!'), 'runtime_error', /model\.gguf was overwritten/)
  assert.is(error.reason, 'model_changed')
  assert.equal([(await status(opened)).state, (await status(opened)).crashes], ['failed', 0])
  copyFileSync(qwen, file)
  await answers(opened)
})

test('one that is overwritten without being mapped concerns only the next start', async (t) => {
  const opened = await open(t, {use_mmap: false})
  writeFileSync(opened.file, readFileSync(phi3))
  await answers(opened)
  assert.match((await status(opened)).file_change ?? '', /^was overwritten/)
  await kill(opened)
  await rejects(ask(opened, 'Hello!'), 'runtime_error', /was overwritten/)
})

test('one that is truncated while it is mapped: the death has its reason, and is not held against the request', async (t) => {
  const opened = await open(t)
  const {backend, context} = opened
  let cut = false
  const endless = {ignore_eos: true, max_tokens: -1, max_time_ms: 0, timeout_ms: 60_000}
  const running = backend.core.answer(
    {conversation: context},
    {input: 'Tell me a story.', options: endless},
    {
      onText: () => {
        if (!cut) truncateSync(opened.file, 4096)
        cut = true
      },
    },
  )
  const error = await rejects(
    running,
    'runtime_error',
    /model\.gguf was overwritten: it had 1810176 bytes .* now has 4096/,
  )
  assert.is(error.reason, 'model_changed')
  assert.ok((error.partial?.text ?? '') !== '')
  assert.is((await status(opened)).crashes_by_requests, 0)
})

test('of a split model every part counts', async (t) => {
  const folder = temporaryFolder(t)
  const [first = '', second = ''] = splitModel(qwen, path.join(folder, 'model'))
  const opened = await openBackend({}, {model: first})
  t.after(() => opened.backend.deinit())
  rmSync(second)
  await kill(opened)
  await rejects(ask(opened, 'Hello!'), 'runtime_error', /model-00002-of-00002\.gguf was removed or renamed/)
})

test('a switch is the way out, and the conversation goes on', async (t) => {
  const opened = await open(t)
  const {backend, graph, context, file} = opened
  await ask({backend, context}, 'My name is Alice.')
  copyFileSync(phi3, `${file}.new`)
  renameSync(`${file}.new`, file)
  await kill(opened)
  await rejects(ask(opened, 'Hello!'), 'runtime_error', /was replaced/)
  await backend.core.switchModel(graph, {name: file})
  assert.equal([(await status(opened)).state, (await status(opened)).architecture], ['ready', 'phi3'])
  assert.is((await ask({backend, context}, 'What is my name?')).text, 'Your name is Alice.')
})
