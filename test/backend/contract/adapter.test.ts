import * as assert from 'uvu/assert'
import {readMetadata, readOutput} from '../../../src/backend/contract/read-output.js'
import {textTensor} from '../../../src/backend/contract/tensor.js'
import type {LocalBackend} from '../../../src/index.js'
import {openBackend} from '../../support/fixtures.js'
import {rejects} from '../../support/rejects.js'
import {sharedBackend} from '../../support/shared-backend.js'
import {suite} from '../../support/suite.js'

const test = suite('WASI-NN over the core', {timeoutMs: 20_000})
const opened = sharedBackend(test, {max_tokens: 4, max_sessions: 10, max_concurrent: 1024})

const before = [
  {role: 'user', content: 'My name is Alice.'},
  {role: 'assistant', content: 'Nice to meet you, Alice!'},
]
const set = (backend: LocalBackend, context: number, index: number, value: string | object): Promise<void> =>
  backend.setInput(context, index, textTensor(typeof value === 'string' ? value : JSON.stringify(value)))

async function newContext(): Promise<{backend: LocalBackend; context: number; said: () => Promise<string[]>}> {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  const said = async (): Promise<string[]> => (await backend.core.history(context)).map(({content}) => content)
  return {backend, context, said}
}

test('a history that steps have used is not used again by the compute that ends them', async () => {
  const {backend, context, said} = await newContext()
  await set(backend, context, 1, {history: before})
  await set(backend, context, 0, 'What is 2 + 2?')
  await backend.computeSingle(context)
  await backend.compute(context)
  assert.equal((await said()).filter((text) => text === 'What is 2 + 2?').length, 2)
})

test('steps that a compute has ended leave nothing to the next ones', async () => {
  const {backend, context, said} = await newContext()
  await set(backend, context, 0, 'Hello!')
  await backend.computeSingle(context)
  await backend.compute(context)
  await set(backend, context, 1, {history: before})
  await set(backend, context, 0, 'What is my name?')
  await backend.computeSingle(context)
  await backend.finiSingle(context)
  await backend.compute(context)
  assert.equal((await said()).filter((text) => text === 'What is my name?').length, 2)
})

test('a raw prompt does not use up the history that is set', async () => {
  const {backend, context, said} = await newContext()
  await set(backend, context, 1, {history: before, prompt_mode: 'raw'})
  await set(backend, context, 0, 'Hello!')
  await backend.compute(context)
  const buffer = new Uint8Array(1000)
  await backend.runInference(context, 0, textTensor('What is my name?'), buffer, '{"prompt_mode": "chat"}')
  assert.equal((await said()).slice(0, 2), [before[0]?.content, before[1]?.content])
})

test('a compute sees inputs that were not waited for', async () => {
  const {backend, context} = await newContext()
  const inputs = [set(backend, context, 1, {max_tokens: 2}), set(backend, context, 0, 'Hello!')]
  await backend.compute(context)
  assert.is((await readMetadata(backend, context)).output_tokens, 2)
  await Promise.all(inputs)
})

test('an answer that was not begun leaves the last output, the first step clears it', async () => {
  const {backend, context} = await newContext()
  await set(backend, context, 0, 'Hello!')
  await backend.compute(context)
  const text = await readOutput(backend, context)
  await rejects(backend.compute(context, {signal: AbortSignal.abort()}), 'runtime_error')
  assert.is(await readOutput(backend, context), text)
  await backend.computeSingle(context)
  assert.is(await readOutput(backend, context), '')
  await backend.finiSingle(context)
})

test('broken options fail their own call, whatever else that call waits for', async (t) => {
  const {backend, graph} = await openBackend({}, {strict: true})
  t.after(() => backend.deinit())
  const context = await backend.initExecutionContext(graph)
  await rejects(set(backend, context, 1, {no_such_option: 1}), 'invalid_argument', /no_such_option/)
  await set(backend, context, 0, 'Hello!')
  await backend.computeSingle(context)
  await rejects(set(backend, context, 1, {no_such_option: 1}), 'invalid_argument', /no_such_option/)
  // The core closes it: the adapter learns that from the two calls that fail.
  await backend.core.close(context)
  await rejects(set(backend, context, 1, {max_tokens: 2}), 'invalid_argument', /is closed/)
})

test('a context that is closing cannot be used or kept', async () => {
  const {backend, context} = await newContext()
  await set(backend, context, 0, 'Hello!')
  const results = await Promise.allSettled([
    backend.compute(context),
    backend.closeExecutionContext(context),
    set(backend, context, 0, 'a'),
  ])
  assert.is(results[1].status, 'fulfilled')
  await rejects(backend.getOutput(context, 0, new Uint8Array(10)), 'invalid_argument', /is closed/)
})

test('contexts whose sessions were evicted do not keep their inputs', async () => {
  const {backend, graph} = opened()
  const contexts: number[] = []
  for (let index = 0; index < 300; index++) {
    const context = await backend.initExecutionContext(graph)
    await set(backend, context, 0, 'x'.repeat(1000))
    contexts.push(context)
  }
  const {states} = backend as unknown as {states: Map<number, unknown>}
  assert.ok(states.size < 150, String(states.size))
})

test('arguments of the core are checked as those of the calls are', async () => {
  const {backend, graph} = opened()
  const core = backend.core as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  for (const [method, ...args] of [
    ['status', 'weather'],
    ['load', undefined],
    ['load', {bytes: 'abc'}],
    ['switchModel', graph, {name: 5}],
    ['switchModel', graph, {name: 'model.gguf'}, {mode: 'nope'}],
    ['open', graph, {session: ''}],
    ['open', graph, {session: 5}],
    ['answer', undefined, {input: 'x'}],
    ['answer', {graph}, undefined],
    ['answer', {graph}, {input: 'x', options: 5}],
    ['answer', {graph, session: ''}, {input: 'x'}],
    ['embed', graph, 5],
  ] as const) {
    await rejects(core[method]?.(...args) ?? Promise.resolve(), 'invalid_argument')
  }
})

test('an empty session id never comes into a state folder', async (t) => {
  const {backend, graph} = await openBackend()
  t.after(() => backend.deinit())
  await rejects(backend.initExecutionContextWithSessionId(graph, ''), 'invalid_argument', /is empty/)
})
