import path from 'node:path'
import * as assert from 'uvu/assert'
import {textTensor} from '../../../src/backend/contract/tensor.js'
import {readMetadata, readOutput} from '../../../src/backend/contract/read-output.js'
import {RemoteBackend} from '../../../src/rpc/client/remote-backend.js'
import type {Backend} from '../../../src/backend/contract/wasi-nn.js'
import {startDaemon} from '../../../src/daemon/start.js'
import {qwen} from '../../support/fixtures.js'
import {rejects, thrownBy} from '../../support/rejects.js'
import {suite, type TestContext} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('a backend in the daemon', {timeoutMs: 30_000})

interface Opened {
  backend: RemoteBackend
  socket: string
  graph: number
  context: number
}

async function open(t: TestContext): Promise<Opened> {
  const socket = path.join(temporaryFolder(t), 'run', 'socket')
  const daemon = await startDaemon({socket, version: '0', config: {temp: 0, repeat_penalty: 1, threads: 1}})
  t.after(() => daemon.stop({now: true}))
  const backend = await RemoteBackend.connect(socket)
  t.after(() => backend[Symbol.asyncDispose]())
  const graph = await backend.loadByName(path.relative('', qwen))
  return {backend, socket, graph, context: await backend.initExecutionContext(graph)}
}

const endless = JSON.stringify({ignore_eos: true, max_tokens: -1, max_time_ms: 0})

test('streams the text of an answer, and has its output, metadata and history', async (t) => {
  const {backend, context} = await open(t)
  await backend.setInput(context, 0, textTensor('What is the capital of France?'))
  const pieces: string[] = []
  await backend.compute(context, {onText: (text) => pieces.push(text)})
  const text = 'The capital of France is Paris.'
  assert.equal([pieces.join(''), await readOutput(backend, context)], [text, text])
  assert.ok(pieces.length > 1)
  assert.is((await readMetadata(backend, context)).stop_reason, 'end_of_sequence')
  assert.equal(await backend.core.history(context), [
    {role: 'user', content: 'What is the capital of France?'},
    {role: 'assistant', content: text},
  ])
})

test('embeddings come whole', async (t) => {
  const {backend, graph} = await open(t)
  const {vectors, tokens} = await backend.core.embed(graph, ['France', 'Paris', 'France'])
  const [france, paris, again] = vectors
  assert.ok(france instanceof Float32Array && paris instanceof Float32Array && tokens >= 3)
  assert.ok(Math.abs(Math.hypot(...france) - 1) < 1e-5)
  assert.equal([[...(again ?? [])], france.length], [[...france], paris.length])
  assert.is.not(france.join(), paris.join())
})

test('tells what a buffer lacks and writes nothing into it', async (t) => {
  const {backend, context} = await open(t)
  const buffer = new Uint8Array(64)
  const written = await backend.runInference(context, 0, textTensor('What is 2 + 2?'), buffer)
  assert.is(Buffer.from(buffer.subarray(0, written)).toString(), '2 + 2 = 4.')
  const small = new Uint8Array(3)
  assert.is((await rejects(backend.getOutput(context, 0, small), 'too_large')).neededBytes, written)
  assert.equal(small, new Uint8Array(3))
  const status = await rejects(backend.getBackendStatus('queue', small), 'too_large')
  assert.ok((status.neededBytes ?? 0) > 3)
})

test('an answer that the caller ends early is kept', async (t) => {
  const {backend, context} = await open(t)
  const stop = new AbortController()
  await backend.setInput(context, 1, textTensor(endless))
  await backend.setInput(context, 0, textTensor('Tell me a long story.'))
  await backend.compute(context, {signal: stop.signal, onText: () => stop.abort()})
  assert.is((await readMetadata(backend, context)).stop_reason, 'aborted')
  assert.ok((await readOutput(backend, context)).length > 0)
})

test('with a signal that is aborted from the start nothing is computed or loaded', async (t) => {
  const {backend, context} = await open(t)
  await backend.setInput(context, 0, textTensor('Hello!'))
  const signal = AbortSignal.abort(new Error('enough'))
  await rejects(backend.compute(context, {signal}), 'runtime_error', /before it started/)
  assert.match(String(await thrownBy(backend.loadByName(qwen, {name: 'b', signal}))), /enough/)
  assert.is((await backend.status('model')).graphs.length, 1)
})

test('an onText that throws ends its own answer with that error', async (t) => {
  const {backend, context} = await open(t)
  await backend.setInput(context, 1, textTensor(endless))
  await backend.setInput(context, 0, textTensor('Tell me a long story.'))
  const onText = (): void => {
    throw new Error('full')
  }
  await rejects(backend.compute(context, {onText}), 'runtime_error', /onText failed: Error: full/)
  assert.is((await backend.status('queue')).running, 0)
})

test('arguments of any kind are refused or sent, never more', async (t) => {
  const {backend, context} = await open(t)
  const wild = backend as unknown as Record<keyof Backend, (...args: unknown[]) => Promise<unknown>>
  await rejects(wild.setInput(context, 0, null), 'invalid_argument')
  await rejects(wild.setInput(context, 0, {dimensions: [1], type: 'u8', data: 'text'}), 'invalid_argument')
  await rejects(wild.getOutput(context, 0, 'buffer'), 'invalid_argument')
  await rejects(wild.getOutput(context, 7, new Uint8Array(8)), 'invalid_argument')
  await rejects(wild.compute(10n), 'invalid_argument', /cannot be sent/)
  await rejects(wild.status('weather'), 'invalid_argument')
  await rejects(wild.loadByName(7), 'invalid_argument')
  await rejects(wild.loadByName(''), 'invalid_argument')
  await rejects(wild.loadByName(qwen, {name: '0'}), 'invalid_argument', /cannot be named 0: numbers are graph ids/)
  await rejects(wild.loadByName('no-such.gguf'), 'model_not_found', /no-such\.gguf/)
})

test('a backend of its own has its own configuration and graphs, and ends with it', async (t) => {
  const {socket} = await open(t)
  const own = await RemoteBackend.init(socket, {config: '{"max_sessions": 3}', strict: true})
  assert.equal([(await own.status('sessions')).max_sessions, (await own.status('model')).graphs], [3, []])
  await own.deinit()
  await rejects(own.deinit(), 'invalid_argument', /was released/)
  await rejects(
    RemoteBackend.init(socket, {config: '{"max_session": 3}', strict: true}),
    'invalid_argument',
    /max_sessions/,
  )
})

test('without a daemon there is none', async (t) => {
  await rejects(RemoteBackend.connect(path.join(temporaryFolder(t), 'socket')), 'not_running')
})

test('a socket may have a path that is longer than an address', async (t) => {
  const socket = path.join(temporaryFolder(t), 'x'.repeat(120), 'socket')
  const daemon = await startDaemon({socket, version: '0'})
  t.after(() => daemon.stop())
  await using backend = await RemoteBackend.connect(socket)
  assert.is((await backend.status('queue')).running, 0)
})
