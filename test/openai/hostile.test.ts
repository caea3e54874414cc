import {connect, type Socket} from 'node:net'
import {once} from 'node:events'
import * as assert from 'uvu/assert'
import {suite} from '../support/suite.js'
import {sharedServer} from './support/serve.js'

// Clients that do wrong, by accident or on purpose: each gets an error with a name, and costs nothing that stays.
const test = suite('hostile clients over HTTP', {timeoutMs: 20_000})
const served = sharedServer(test, {
  ...{config: {parallel: 1}},
  limits: {bodyBytes: 10_000, headersMs: 200, requestMs: 300, connections: 30},
})

interface Refusal {
  status: number
  code: string | null
}

async function post(
  body: string | Uint8Array,
  type = 'application/json',
  path = '/v1/chat/completions',
): Promise<Refusal> {
  const response = await fetch(served().http.url + path, {method: 'POST', body, headers: {'content-type': type}})
  const {error} = (await response.json()) as {error: {code: string | null}}
  return {status: response.status, code: error.code}
}

const port = (): number => Number(new URL(served().http.url).port)

async function open(text: string): Promise<Socket> {
  const socket = connect(port(), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

async function all(socket: Socket): Promise<string> {
  let received = ''
  socket.on('data', (data: Buffer) => (received += data.toString()))
  await once(socket, 'close')
  return received
}

const repeat = '{"temperature":0,"messages":[{"role":"user","content":"Repeat after me: café"}]}'

const cases: [what: string, send: () => Promise<Refusal>, status: number, code: string][] = [
  ['a body that is too large', () => post('{"messages": "' + 'x'.repeat(20_000) + '"}'), 413, 'body_too_large'],
  ['text that is no JSON', () => post('{"messages": ['), 400, 'invalid_json'],
  // A request that was written in Latin-1.
  ['a body that is not UTF-8', () => post(Buffer.from(repeat, 'latin1')), 400, 'invalid_encoding'],
  ['UTF-16 without a mark', () => post(Buffer.from(repeat, 'utf16le')), 400, 'invalid_encoding'],
  ['a character that is cut off', () => post(Buffer.from(repeat).subarray(0, -5)), 400, 'invalid_encoding'],
  ['a NUL in the body', () => post('{"messages": "\0"}'), 400, 'invalid_encoding'],
  ['an empty body', () => post(''), 400, 'invalid_json'],
  ['a list', () => post('[]'), 400, 'invalid_type'],
  ['a body of another type', () => post('a=b', 'application/x-www-form-urlencoded'), 415, 'unsupported_media_type'],
  ['plain text', () => post('{}', 'text/plain'), 415, 'unsupported_media_type'],
  ['an attack on prototypes', () => post('{"__proto__": {"model": "x"}}'), 400, 'invalid_json'],
  ['deep nesting', () => post('['.repeat(9000)), 400, 'invalid_value'],
  ['deep nesting that is closed', () => post('['.repeat(4900) + ']'.repeat(4900)), 400, 'invalid_value'],
  ['a list of wrong values', () => post(`{"messages": [${'1,'.repeat(4000)}1]}`), 400, 'invalid_value'],
  ['an unknown route', () => post('{}', 'application/json', '/v1/audio/speech'), 404, 'unknown_url'],
]

for (const [what, send, status, code] of cases) {
  test(`${what}: ${status} ${code}`, async () => assert.equal(await send(), {status, code}))
}

test('a body that is not UTF-8 is told which byte, in its route as in others', async () => {
  for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']) {
    const response = await fetch(served().http.url + path, {
      ...{method: 'POST', body: Buffer.from(repeat, 'latin1'), headers: {'content-type': 'application/json'}},
    })
    const {error} = (await response.json()) as {error: {message: string; type: string}}
    assert.equal([response.status, error.type], [400, 'invalid_request_error'])
    assert.match(error.message, /^The body is not UTF-8: line 1 has the byte 0xE9 after ".*Repeat after me: caf"\./)
  }
})

test('a byte order mark is no mistake', async () => {
  for (const body of [Buffer.from(`\uFEFF${repeat}`), Buffer.from(`\uFEFF${repeat}`, 'utf16le')]) {
    const response = await fetch(`${served().http.url}/v1/chat/completions`, {
      ...{method: 'POST', body, headers: {'content-type': 'application/json'}},
    })
    const {choices} = (await response.json()) as {choices: {message: {content: string}}[]}
    assert.is(choices[0]?.message.content, 'café')
  }
})

test('a known route with another method: 405, and which it takes', async () => {
  const asked: [path: string, method: string, allow: string][] = [
    ['/v1/chat/completions', 'GET', 'POST'],
    ['/v1/models/x', 'DELETE', 'GET'],
  ]
  for (const [path, method, allow] of asked) {
    const response = await fetch(served().http.url + path, {method})
    const {error} = (await response.json()) as {error: {message: string; code: string}}
    assert.equal([response.status, response.headers.get('allow'), error.code], [405, allow, 'method_not_allowed'])
    assert.is(error.message, `${path} does not support ${method}. It supports ${allow}.`)
  }
})

test('a body of another type is told which one is right', async () => {
  const response = await fetch(`${served().http.url}/v1/chat/completions`, {method: 'POST', body: '{}'})
  assert.match(await response.text(), /Content-Type: application\/json/)
})

test('a page whose name leads here is refused, and every name of this machine is answered', async () => {
  const ask = async (host: string): Promise<string> =>
    all(await open(`GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`))
  for (const host of [
    'evil.example',
    `evil.example:${port()}`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '',
  ]) {
    const answer = await ask(host)
    assert.match(answer, /^HTTP\/1\.1 403 [^]*"code":"host_not_allowed"/)
  }
  for (const host of ['localhost', `LOCALHOST:${port()}`, '127.0.0.1', '127.8.8.8:1', '[::1]', '[::1]:80'])
    assert.match(await ask(host), /^HTTP\/1\.1 200 /, host)
})

test('headers that never end: 408', async () => {
  const received = await all(await open('POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: '))
  assert.match(received, /^HTTP\/1\.1 408 /)
  assert.match(received, /"code":"request_timeout"/)
})

test('a body that never ends: 408', async () => {
  const head =
    'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n'
  assert.match(await all(await open(`${head}{"mess`)), /^HTTP\/1\.1 408 /)
})

test('what is not HTTP: 400', async () => {
  assert.match(await all(await open('\x16\x03\x01 hello\r\n\r\n')), /^HTTP\/1\.1 400 [^]*"code":"invalid_request"/)
})

test('headers that are too large: 431', async () => {
  const received = await all(
    await open(`GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`),
  )
  assert.match(received, /^HTTP\/1\.1 431 [^]*"code":"headers_too_large"/)
})

test('more connections than allowed are closed, and the server goes on', async () => {
  const many = await Promise.all(Array.from({length: 40}, () => open('')))
  await Promise.all(many.filter(({destroyed}) => !destroyed).map(all))
  assert.is((await fetch(`${served().http.url}/health`)).status, 200)
})

test('a thousand refusals leave the memory as it was', async () => {
  const rounds = async (): Promise<void> => {
    for (let round = 0; round < 50; round++) await Promise.all(cases.slice(0, 10).map(([, send]) => send()))
  }
  await rounds()
  const before = process.memoryUsage().heapUsed
  await rounds()
  const grown = process.memoryUsage().heapUsed - before
  assert.ok(grown < 40 * 1024 ** 2, `the heap has grown by ${grown} bytes`)
  assert.equal((await served().backend.status('sessions')).contexts.length, 1)
})
