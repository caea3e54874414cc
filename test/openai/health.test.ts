import {copyFileSync, rmSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import type {Core} from '../../src/backend/contract/core.js'
import type {GraphStatus} from '../../src/backend/contract/status.js'
import {listenHttp} from '../../src/openai/index.js'
import {madeUpStatus} from '../cli/status/made-up-status.js'
import {makeRequestsDeadly} from '../support/deadly-requests.js'
import {openBackend, qwen} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {failure, serve, until} from './support/serve.js'

const test = suite('health over HTTP', {timeoutMs: 20_000})

interface Got {
  status: number
  retryAfter: string | null
  body: Record<string, unknown> & {error?: {message: string; type: string; param: null; code: string}}
}

type Get = (path: string) => Promise<Got>

async function getter(t: TestContext, core: Core, loading: string[] = []): Promise<Get> {
  const http = await listenHttp(core, {port: 0, environment: {}, loading: () => loading})
  t.after(() => http[Symbol.asyncDispose]())
  return async (route) => {
    const response = await fetch(`${http.url}${route}`)
    const {status, headers} = response
    return {status, retryAfter: headers.get('retry-after'), body: (await response.json()) as Got['body']}
  }
}

/** A server whose models have these states. */
function withModels(t: TestContext, models: Partial<GraphStatus>[], loading: string[] = []): Promise<Get> {
  const graphs = models.flatMap((model, graph) => madeUpStatus({graph, name: `m${graph}`, ...model}).model.graphs)
  return getter(t, {graphs: () => Promise.resolve(graphs)} as unknown as Core, loading)
}

const failed = {state: 'failed', failure: 'Its file is gone.'} as const

test('one model that answers is enough, and the others are named', async (t) => {
  const get = await withModels(t, [{}, failed, {state: 'starting'}])
  const {status, body} = await get('/health')
  assert.is(status, 200)
  const models = [
    {id: 'm0', state: 'ready'},
    {id: 'm1', state: 'failed'},
    {id: 'm2', state: 'restarting'},
  ]
  assert.equal(body, {status: 'degraded', models})
})

test('a model that is still loading is not ok yet, and is named once', async (t) => {
  const get = await withModels(t, [{}], ['m0', 'm1'])
  const models = [
    {id: 'm0', state: 'ready'},
    {id: 'm1', state: 'loading'},
  ]
  assert.equal((await get('/health')).body, {status: 'degraded', models})
  assert.equal((await get('/health?model=m0')).body, {status: 'ok'})
})

test('a model that is switched takes requests', async (t) => {
  assert.equal((await (await withModels(t, [{state: 'switching'}]))('/health')).body, {status: 'ok'})
})

for (const [what, models, status, retryAfter] of [
  ['all failed', [failed, failed], 'failed', null],
  ['all restarting', [{state: 'starting'}], 'restarting', '1'],
  ['a start that failed', [{state: 'stopped', failure: 'No memory.'}], 'restarting', '10'],
  ['failed and restarting', [failed, {state: 'starting'}], 'restarting', '1'],
] as [string, Partial<GraphStatus>[], string, string | null][]) {
  test(`${what} is 503 in the shape of the API`, async (t) => {
    const got = await (await withModels(t, models))('/health')
    assert.equal([got.status, got.body['status'], got.retryAfter], [503, status, retryAfter])
    assert.equal([got.body.error?.code, got.body.error?.type], [`model_${status}`, 'server_error'])
    assert.match(got.body.error?.message ?? '', /No model takes requests: m0 \((failed|restarting)\)/)
    assert.is((got.body['models'] as unknown[]).length, models.length)
    // Reasons have paths, and nobody needs a key here.
    assert.not.match(JSON.stringify(got.body), /file is gone|No memory/)
  })
}

test('with a name only that model counts', async (t) => {
  const get = await withModels(t, [{}, failed], ['m2'])
  const statuses = ['m0', 'm1', 'm2', 'm3'].map(async (name) => (await get(`/health?model=${name}`)).status)
  assert.equal(await Promise.all(statuses), [200, 503, 503, 404])
})

test('the list has the state of each model, with the reason, and the ones to come', async (t) => {
  const change = 'was replaced: it had 5 bytes'
  const get = await withModels(
    t,
    [{}, failed, {file_change: change}, {state: 'starting', last_crash: 'It hung.'}],
    ['m9'],
  )
  const {data} = (await get('/v1/models')).body as unknown as {data: Record<string, string | null>[]}
  assert.equal(
    data.map(({id, state, state_reason: reason}) => [id, state, reason]),
    [
      ['m0', 'ready', null],
      ['m1', 'failed', 'Its file is gone.'],
      ['m2', 'ready', `/m/qwen.gguf ${change}. The loaded model goes on, but it cannot be started again.`],
      ['m3', 'restarting', 'Its engine is being started again. It hung.'],
      ['m9', 'loading', 'The model is being loaded.'],
    ],
  )
  const one = (await get('/v1/models/m1')).body
  assert.equal([one['id'], one['state'], one['object']], ['m1', 'failed', 'model'])
})

test('a model whose file is gone: ready as long as its engine lives, then failed with 503, and back with the file', async (t) => {
  const file = path.join(temporaryFolder(t), 'model.gguf')
  copyFileSync(qwen, file)
  const {backend} = await openBackend({}, {model: file})
  t.after(() => backend.deinit())
  const get = await getter(t, backend.core)
  const first = async (): Promise<Record<string, string | null>> => {
    const {data} = (await get('/v1/models')).body as unknown as {data: [Record<string, string | null>]}
    return data[0]
  }
  rmSync(file)
  assert.is((await get('/health')).status, 200)
  assert.match((await first())['state_reason'] ?? '', /was removed or renamed\. The loaded model goes on/)
  const [graph] = (await backend.status('memory')).graphs
  process.kill(graph?.engine_pid ?? NaN, 'SIGKILL')
  await until(async () => (await get('/health')).body['status'] === 'failed')
  assert.equal([(await get('/health')).status, (await first())['state']], [503, 'failed'])
  copyFileSync(qwen, file)
  await backend.core.answer({graph: 0}, {input: 'Hello!'})
  assert.equal((await get('/health')).body, {status: 'ok'})
})

test('a request that kills its engine is an error that clients do not retry, and others are answered', async (t) => {
  makeRequestsDeadly(t)
  const served = await serve({config: {parallel: 2}})
  t.after(() => served.close())
  const ask = (content: string) =>
    served.client.chat.completions.create({model: qwen, messages: [{role: 'user', content}], max_completion_tokens: 12})
  for (const what of [/ended the engine process/, /is rejected for another/]) {
    const error = await failure(ask('CRASH WHILE READING'))
    assert.equal([error.status, error.code, error.headers?.get('x-should-retry')], [500, 'runtime_error', 'false'])
    assert.match(error.message, what)
  }
  assert.is((await ask('What is 4 + 5?')).choices[0]?.message.content, '4 + 5 = 9.')
  assert.is((await fetch(`${served.http.url}/health`)).status, 200)
})
