import {once} from 'node:events'
import net from 'node:net'
import * as assert from 'uvu/assert'
import type {Completion} from '../../src/bench/target.js'
import {parseUrl} from '../../src/bench/targets/http-server.js'
import {HttpTarget} from '../../src/bench/targets/http-target.js'
import {suite, type TestContext} from '../support/suite.js'
import {rejects} from '../support/rejects.js'
import {piece, stubServer, wholeAnswer, type Reply, type Stub, type StubRequest} from './support/stub-server.js'

const test = suite('servers over HTTP')

async function open(t: TestContext, {url}: Pick<Stub, 'url'>, apiKey?: string): Promise<HttpTarget> {
  return HttpTarget.open({url, apiKey, signal: t.signal})
}

/** What a server that answers so makes of a request for 3 tokens; its first request, from opening, is answered well. */
async function complete(t: TestContext, reply: Reply): Promise<Completion> {
  let first = true
  const stub = await stubServer(t, (request) => {
    if (!first) return reply
    first = false
    return wholeAnswer(request)
  })
  return (await open(t, stub)).complete({prompt: 'Once the of', maxTokens: 3, signal: t.signal})
}

test("counts are the server's, and its usage comes behind the end", async (t) => {
  const usage = {prompt_tokens: 3, completion_tokens: 3, prompt_tokens_details: {cached_tokens: 1}}
  const events = [piece('a'), piece('b'), piece('c'), piece('', 'length'), {choices: [], usage}, '[DONE]']
  const {gaps_ms, first_pieces, ttft_ms, total_ms, ...counts} = await complete(t, {events})
  assert.equal(counts, {
    ...{prompt_tokens: 3, cached_tokens: 1, generated_tokens: 3, counted: 'usage', ended_early: false},
    ...{engine_ms: null, pieces: 3},
  })
  assert.ok(first_pieces + gaps_ms.length <= 3)
  assert.ok(0 < ttft_ms && ttft_ms <= total_ms)
})

test('without usage each piece is a token, and marked so', async (t) => {
  const {counted, generated_tokens, prompt_tokens, ended_early} = await complete(t, {
    events: [piece('a'), piece('b', 'stop'), '[DONE]'],
  })
  assert.equal([counted, generated_tokens, prompt_tokens, ended_early], ['pieces', 2, null, true])
})

test('a piece with an empty reason and no error is not the end, and counts that are none are not taken', async (t) => {
  const usage = {prompt_tokens: -3, completion_tokens: '16', prompt_tokens_details: {cached_tokens: 0.5}}
  const events = [
    {...piece('a', ''), error: null},
    piece('b', ''),
    piece('c', 'length'),
    {choices: [], usage},
    '[DONE]',
  ]
  const completion = await complete(t, {events})
  const {pieces, generated_tokens, counted, prompt_tokens, cached_tokens} = completion
  assert.equal([pieces, generated_tokens, counted, prompt_tokens, cached_tokens], [3, 3, 'pieces', null, null])
})

test("llama-server's own times and cache are kept", async (t) => {
  const end = {...piece('', 'length'), timings: {prompt_ms: 12, predicted_ms: 34, cache_n: 2}}
  const {engine_ms, cached_tokens} = await complete(t, {events: [piece('abc'), end, '[DONE]']})
  assert.equal([engine_ms, cached_tokens], [{prompt: 12, predict: 34}, 2])
})

const broken: [what: string, reply: Reply, message: RegExp][] = [
  [
    'an error event',
    {events: [piece('a'), {error: {message: 'out of memory'}}]},
    /^http:\/\/127\.0\.0\.1:\d+\/v1: The server says: out of memory/,
  ],
  ['a stream that breaks off', {events: [piece('a')]}, /ended its stream before the answer was complete/],
  ['an event that is no JSON', {events: ['{"choices"']}, /an event that is not a JSON object: \{"choices"/],
  ['an event that is null', {events: ['null']}, /an event that is not a JSON object: null/],
  ['what would move a cursor', {events: [{error: {message: 'a\u001b[2Jb\nc'}}]}, /The server says: a␛\[2Jb ⏎ c$/],
  ['an error status', {status: 503, body: {error: 'busy'}}, /\/v1\/completions answered 503: busy$/],
  ['an answer of nothing', {events: ['[DONE]']}, /^http:\S+\/v1 sent an answer without tokens\.$/],
]
for (const [what, reply, message] of broken) {
  test(`${what} is an error`, async (t) => {
    const error = await rejects(complete(t, reply), 'runtime_error')
    assert.match(error.message, message)
  })
}

test('who refuses fields beyond OpenAI does not get them', async (t) => {
  const picky = (request: StubRequest): Reply =>
    request.ignore_eos === undefined ? wholeAnswer(request) : {status: 400, body: {error: 'unknown field ignore_eos'}}
  const stub = await stubServer(t, picky)
  const target = await open(t, stub)
  await target.complete({prompt: 'Once', maxTokens: 2, signal: t.signal})
  assert.equal(stub.requests.map(({ignore_eos}) => ignore_eos), [true, undefined, undefined]) // prettier-ignore
})

test('the key goes with every request', async (t) => {
  const stub = await stubServer(t, wholeAnswer)
  const target = await open(t, stub, 'secret')
  assert.is(await target.countTokens('Once the of', t.signal), 3)
  assert.equal([...new Set(stub.requests.map(({authorization}) => authorization))], ['Bearer secret'])
})

test('a chat sends its messages and session, and gives out the text as it comes', async (t) => {
  const delta = (content: string): object => ({choices: [{delta: {content}, finish_reason: null}]})
  const usage = {prompt_tokens: 9, completion_tokens: 2}
  const events = [delta('Hel'), delta('lo'), piece('', 'length'), {choices: [], usage}, '[DONE]']
  const stub = await stubServer(t, (request) => (request.messages === undefined ? wholeAnswer(request) : {events}))
  const target = await open(t, stub)
  const history = [{role: 'system', content: 'Be brief.'} as const]
  const texts: string[] = []
  const chat = {prompt: 'Hi', history, session: 's1', maxTokens: 2, signal: t.signal}
  const {pieces, generated_tokens} = await target.complete({...chat, onText: (text) => texts.push(text)})
  assert.equal([pieces, generated_tokens, texts], [2, 2, ['Hel', 'lo']])
  const {path, messages, session_id} = stub.requests.at(-1) ?? {}
  assert.equal([path, session_id], ['/v1/chat/completions', 's1'])
  assert.equal(messages, [...history, {role: 'user', content: 'Hi'}])
})

test('a request over a kept connection that the server has closed is sent again', async (t) => {
  const stub = await stubServer(t, wholeAnswer)
  const target = await open(t, stub)
  stub.closeNextKept()
  const {generated_tokens} = await target.complete({prompt: 'Once', maxTokens: 2, signal: t.signal})
  assert.is(generated_tokens, 2)
})

test('a server that closes every connection is an error', async (t) => {
  const stub = await stubServer(t, wholeAnswer)
  const target = await open(t, stub)
  stub.closeAll()
  const error = await rejects(target.complete({prompt: 'Once', maxTokens: 2, signal: t.signal}), 'runtime_error')
  assert.match(error.message, /did not answer: other side closed/)
})

test('of several models one has to be named', async (t) => {
  const {url} = await stubServer(t, wholeAnswer, ['small', 'large'])
  const error = await rejects(open(t, {url}), 'invalid_argument')
  assert.match(error.message, /has 2 models: small, large/)
  const {subject} = await open(t, {url: `${url}#large`})
  assert.match(subject.name, /^large at 127\.0\.0\.1:/)
})

test('a server that is down is told by its address', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  const error = await rejects(open(t, {url: `http://127.0.0.1:${port}`}), 'not_running')
  assert.match(error.message, new RegExp(`^No server answers at http://127.0.0.1:${port}/v1: .*ECONNREFUSED`))
})

test('addresses may have /v1 or not', () => {
  assert.equal(parseUrl('http://h:1'), {base: 'http://h:1/v1', model: undefined})
  assert.equal(parseUrl('https://h/api/v1/#a%2Fb'), {base: 'https://h/api/v1', model: 'a/b'})
  assert.throws(() => parseUrl('localhost:80'), /only http and https/)
  assert.throws(() => parseUrl('no address'), /this is not a URL/)
  assert.throws(() => parseUrl('http://a:b@h'), /the key into --api-key-file/)
})
