import {Buffer} from 'node:buffer'
import * as assert from 'uvu/assert'
import {initBackend} from '../../src/index.js'
import {listenHttp} from '../../src/openai/index.js'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {failure, sharedServer} from './support/serve.js'

const test = suite('completions, embeddings and status over HTTP', {timeoutMs: 20_000})
const key = 'a key'
const served = sharedServer(test, {
  ...{config: {parallel: 2, ctx_size: 512}, environment: {WNN_API_KEY: key}, clientKey: key},
})
let model = ''
test.before(async () => {
  model = (await served().client.models.list()).data[0]?.id ?? ''
})

const raw = '<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n'
const get = (path: string, authorization?: string): Promise<Response> =>
  fetch(served().http.url + path, authorization === undefined ? {} : {headers: {authorization}})

test('a completion goes on with the prompt as it is, whole or in pieces', async () => {
  const whole = await served().client.completions.create({model, prompt: raw})
  assert.is(whole.choices[0]?.text, 'Hello! How can I help you?')
  assert.is(whole.object, 'text_completion')
  const stream = await served().client.completions.create({model, prompt: [raw], stream: true})
  const texts: string[] = []
  for await (const {choices} of stream) texts.push(choices[0]?.text ?? '')
  assert.is(texts.join(''), whole.choices[0]?.text)
})

test('log-probabilities of completions are parallel lists', async () => {
  const {choices} = await served().client.completions.create({model, prompt: raw, logprobs: 2, max_tokens: 3})
  const {tokens = [], token_logprobs = [], top_logprobs = [], text_offset = []} = choices[0]?.logprobs ?? {}
  assert.is(tokens.join(''), choices[0]?.text)
  assert.equal([token_logprobs.length, top_logprobs.length, text_offset.length], [3, 3, 3])
  assert.equal(text_offset, [0, tokens[0]?.length, `${tokens[0] ?? ''}${tokens[1] ?? ''}`.length])
})

for (const [what, body] of Object.entries({
  echo: {echo: true},
  best_of: {best_of: 2},
  suffix: {suffix: 'end'},
})) {
  test(`${what} is not supported`, async () => {
    const error = await failure(served().client.completions.create({model, prompt: raw, ...body}))
    assert.equal([error.status, error.param, error.code], [400, what, 'unsupported_value'])
  })
}

test('a list of prompts and tokens as prompt are refused', async () => {
  for (const prompt of [
    ['a', 'b'],
    [1, 2],
  ] as (string[] | number[])[]) {
    const error = await failure(served().client.completions.create({model, prompt}))
    assert.is(error.status, 400)
    assert.match(error.param ?? '', /^prompt/)
  }
})

test('embeddings arrive as the official client asks for them, in base64, and as numbers', async () => {
  const input = ['Hello!', 'The capital of France']
  const packed = await served().client.embeddings.create({model, input})
  const plain = await served().client.embeddings.create({model, input, encoding_format: 'float'})
  assert.is(packed.data.length, 2)
  for (const [index, {embedding}] of packed.data.entries()) {
    assert.ok(Math.abs(embedding.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-4)
    const difference = embedding.map((value, at) => Math.abs(value - (plain.data[index]?.embedding[at] ?? 0)))
    assert.ok(Math.max(...difference) < 1e-4)
  }
  assert.ok(packed.usage.prompt_tokens > 2)
  const response = await fetch(`${served().http.url}/v1/embeddings`, {
    method: 'POST',
    headers: {'content-type': 'application/json', authorization: `Bearer ${key}`},
    body: JSON.stringify({input: 'Hello!', encoding_format: 'base64'}),
  })
  const {data} = (await response.json()) as {data: {embedding: string}[]}
  assert.is(Buffer.from(data[0]?.embedding ?? '', 'base64').length, 4 * (packed.data[0]?.embedding.length ?? 0))
})

test("only the model's own dimensions, and texts that fit", async () => {
  const own = (await served().client.embeddings.create({model, input: 'a'})).data[0]?.embedding.length ?? 0
  await served().client.embeddings.create({model, input: 'a', dimensions: own})
  const other = await failure(served().client.embeddings.create({model, input: 'a', dimensions: own + 1}))
  assert.equal([other.status, other.param], [400, 'dimensions'])
  const long = await failure(served().client.embeddings.create({model, input: '1'.repeat(600)}))
  assert.equal([long.status, long.code], [400, 'context_length_exceeded'])
  for (const input of ['', [], [[1, 2]]] as string[]) {
    assert.is((await failure(served().client.embeddings.create({model, input}))).status, 400)
  }
})

test('models are listed and found by names with slashes', async () => {
  const found = await served().client.models.retrieve(model)
  assert.ok(model.includes('/'))
  assert.is(found.id, model)
  assert.is((await failure(served().client.models.retrieve('other'))).code, 'model_not_found')
})

test('all but the health check needs the key', async () => {
  assert.equal(await (await get('/health')).json(), {status: 'ok'})
  const head = await fetch(`${served().http.url}/health`, {method: 'HEAD'})
  assert.equal([head.status, await head.text()], [200, ''])
  for (const authorization of [undefined, 'Bearer wrong', `Basic ${key}`, 'Bearer ', `Bearer ${key}x`]) {
    for (const path of ['/v1/models', '/metrics', '/slots', '/nowhere']) {
      const response = await get(path, authorization)
      const {error} = (await response.json()) as {error: {code: string; type: string}}
      assert.equal([response.status, error.code, error.type], [401, 'invalid_api_key', 'authentication_error'])
    }
  }
  assert.is((await get('/v1/models', `bearer ${key}`)).status, 200)
})

test('a model that is being loaded is 503 for health checks and requests', async () => {
  const backend = await initBackend()
  const http = await listenHttp(backend.core, {port: 0, environment: {}, loading: () => backend.core.loading})
  try {
    const health = async (): Promise<string> => {
      const {status} = (await (await fetch(`${http.url}/health`)).json()) as {status: string}
      return status
    }
    assert.is(await health(), 'no model loaded')
    const load = backend.core.load({name: qwen}, {name: 'tiny'})
    assert.is(await health(), 'loading')
    for (const asked of ['tiny', undefined]) {
      const body = JSON.stringify({model: asked, messages: [{role: 'user', content: 'Hello!'}]})
      const headers = {'content-type': 'application/json'}
      const response = await fetch(`${http.url}/v1/chat/completions`, {method: 'POST', headers, body})
      const {error} = (await response.json()) as {error: {code: string}}
      assert.equal([response.status, error.code], [503, 'model_loading'])
      assert.is(response.headers.get('retry-after'), '1')
    }
    assert.is((await fetch(`${http.url}/v1/models/other`)).status, 404)
    await load
    assert.is(await health(), 'ok')
  } finally {
    await http[Symbol.asyncDispose]()
    await backend.deinit()
  }
})

test('metrics and slots tell what happened', async () => {
  await served().client.completions.create({model, prompt: raw})
  const text = await (await get('/metrics', `Bearer ${key}`)).text()
  assert.match(text, /^wnn_time_to_first_token_seconds_count [1-9]/m)
  assert.match(text, /^wnn_http_request_seconds_count\{route="\/v1\/completions",status="200"\} [1-9]/m)
  assert.match(text, /^wnn_generated_tokens_total [1-9]/m)
  assert.match(text, /^wnn_slots\{model=".*",state="idle"\} 2$/m)
  const slots = (await (await get('/slots', `Bearer ${key}`)).json()) as {models: {model: string; slots: object[]}[]}
  assert.equal([slots.models[0]?.model, slots.models[0]?.slots.length], [model, 2])
})
