import {execFile} from 'node:child_process'
import {once} from 'node:events'
import {connect, type Socket} from 'node:net'
import {promisify} from 'node:util'
import * as assert from 'uvu/assert'
import OpenAI from 'openai'
import {suite} from '../support/suite.js'
import {failure, sharedServer, until} from './support/serve.js'

// What clients see of errors below HTTP's usual road: raw sockets, as nothing else sends such requests.
const test = suite('connections over HTTP', {timeoutMs: 20_000})
const served = sharedServer(test, {config: {parallel: 1}, limits: {bodyBytes: 10_000, headersMs: 500, requestMs: 1000}})

const port = (): number => Number(new URL(served().http.url).port)
const host = 'Host: localhost\r\n'
const json = 'Content-Type: application/json\r\n'
const close = 'Connection: close\r\n'

interface Received {
  text: string
  error: string | undefined
}

async function send(
  request: string | Buffer,
  {end = false, socket = connect(port(), '127.0.0.1')} = {},
): Promise<Received> {
  const received: Received = {text: '', error: undefined}
  socket.on('data', (data: Buffer) => (received.text += data.toString()))
  socket.on('error', ({message}) => (received.error = message))
  socket.write(request)
  if (end) socket.end()
  await new Promise((resolve) => socket.once('close', resolve))
  return received
}

interface Failure {
  status: number
  code: string | null
}

/** The last response, which must be an error in the API's form. */
function errorOf({text}: Received): Failure {
  const start = text.lastIndexOf('HTTP/1.1 ')
  const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n', start) + 4)) as {
    error: {message: string; type: string; param: string | null; code: string | null}
  }
  const {message, type, param, code} = body.error
  assert.ok(message !== '' && type !== '' && (param === null || param !== ''))
  assert.match(text.slice(start), /\r\ncontent-type: application\/json/i)
  return {status: Number(text.slice(start + 9, start + 12)), code}
}

const completion = (headers: string, body = ''): string =>
  `POST /v1/completions HTTP/1.1\r\n${host}${json}${headers}\r\n${body}`

const invalid: [what: string, request: string, status: number, code: string][] = [
  ['a bad escape in a path', `GET /v1/models/%zz HTTP/1.1\r\n${host}${close}\r\n`, 400, 'invalid_url'],
  ['an escape that is not UTF-8', `GET /%E0%A4%A HTTP/1.1\r\n${host}${close}\r\n`, 400, 'invalid_url'],
  ['no Host', `GET /health HTTP/1.1\r\n${close}\r\n`, 400, 'invalid_host'],
  ['two Hosts', `GET /health HTTP/1.1\r\n${host}${host}${close}\r\n`, 400, 'invalid_host'],
  ['another expectation', completion(`Expect: tea\r\nContent-Length: 2\r\n${close}`, '{}'), 417, 'expectation_failed'],
  ['CONNECT', `CONNECT a:1 HTTP/1.1\r\n${host}\r\n`, 405, 'method_not_allowed'],
  ['a method that a path does not have', `PROPFIND /health HTTP/1.1\r\n${host}${close}\r\n`, 405, 'method_not_allowed'],
  ['a method that does not exist', `FOO /health HTTP/1.1\r\n${host}\r\n`, 400, 'invalid_request'],
  ['OPTIONS for the server', `OPTIONS * HTTP/1.1\r\n${host}${close}\r\n`, 404, 'unknown_url'],
  [
    'a compressed transfer',
    completion(`Transfer-Encoding: gzip, chunked\r\n${close}`, '2\r\n{}\r\n0\r\n\r\n'),
    501,
    'unsupported_transfer_encoding',
  ],
  [
    'two lengths',
    completion('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
    'invalid_request',
  ],
  ['a space in a header', `GET /health HTTP/1.1\r\n${host}A B: c\r\n\r\n`, 400, 'invalid_request'],
  ['a version that does not exist', `GET /health HTTP/9.9\r\n${host}\r\n`, 400, 'invalid_request'],
  ...['gzip', 'deflate', 'br', 'zstd', 'gzip, identity'].map((encoding): [string, string, number, string] => [
    `a body in ${encoding}`,
    completion(`Content-Encoding: ${encoding}\r\nContent-Length: 2\r\n${close}`, '\x1f\x01'),
    415,
    'unsupported_media_type',
  ]),
  ...['latin1', '"iso-8859-1"', 'utf-7'].map((charset): [string, string, number, string] => [
    `the charset ${charset}`,
    `POST /v1/completions HTTP/1.1\r\n${host}Content-Type: application/json; charset=${charset}\r\nContent-Length: 2\r\n${close}\r\n{}`,
    415,
    'unsupported_media_type',
  ]),
]

for (const [what, request, status, code] of invalid) {
  test(`${what}: ${status} ${code}`, async () => assert.equal(errorOf(await send(request)), {status, code}))
}

test('a body of a right charset or without an encoding is read', async () => {
  for (const header of ['Content-Encoding: identity\r\n', '']) {
    for (const charset of ['', '; charset=utf-8', ';charset="UTF-8"', '; charset=us-ascii']) {
      const request = `POST /v1/completions HTTP/1.1\r\n${host}${header}Content-Type: application/json${charset}\r\nContent-Length: 2\r\n${close}\r\n{}`
      assert.equal(errorOf(await send(request)), {status: 400, code: 'invalid_value'})
    }
  }
})

test('HTTP/1.0 is answered, also without a Host', async () => {
  for (const headers of ['', host]) {
    const {text} = await send(`GET /health HTTP/1.0\r\n${headers}\r\n`)
    assert.match(text, /^HTTP\/1\.1 200 [^]*\{"status":"ok"\}$/)
  }
})

const large = Buffer.alloc(20_000_000, 'x')
const chunked = Buffer.concat([Buffer.from(`${large.length.toString(16)}\r\n`), large, Buffer.from('\r\n0\r\n\r\n')])
const length = `Content-Length: ${large.length}\r\n`
const tooLarge: [what: string, head: string, body: Buffer][] = [
  ['with its length', completion(length), large],
  ['with its length, on a connection that closes', completion(length + close), large],
  ['in chunks', completion('Transfer-Encoding: chunked\r\n'), chunked],
  ['in chunks, on a connection that closes', completion(`Transfer-Encoding: chunked\r\n${close}`), chunked],
  ['in HTTP/1.0', completion(length).replace('HTTP/1.1', 'HTTP/1.0'), large],
]
for (const [what, head, body] of tooLarge) {
  test(`a body that is too large, ${what}: the client sends all of it and gets 413, not a reset`, async () => {
    const received = await send(Buffer.concat([Buffer.from(head), body]))
    assert.equal([errorOf(received), received.error], [{status: 413, code: 'body_too_large'}, undefined])
  })
}

test('a client that asks first gets 413 at once, or 100', async () => {
  const refused = await send(completion(`Expect: 100-continue\r\n${length}`))
  assert.match(refused.text, /^HTTP\/1\.1 413 /)
  assert.equal(errorOf(refused), {status: 413, code: 'body_too_large'})
  const asked = await send(completion(`Expect: 100-continue\r\nContent-Length: 2\r\n${close}`, '{}'))
  assert.match(asked.text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /)
})

test('fetch, the official client and curl show 413, and send the body once', async () => {
  const text = 'x'.repeat(20_000_000)
  const response = await fetch(`${served().http.url}/v1/completions`, {
    ...{method: 'POST', body: JSON.stringify({prompt: text}), headers: {'content-type': 'application/json'}},
  })
  assert.equal([response.status, response.headers.get('content-type')], [413, 'application/json; charset=utf-8'])
  let calls = 0
  const client = new OpenAI({
    ...{baseURL: `${served().http.url}/v1`, apiKey: 'none', maxRetries: 2},
    fetch: (...args) => {
      calls += 1
      return fetch(...args)
    },
  })
  for (let round = 0; round < 5; round++) {
    calls = 0
    const error = await failure(client.completions.create({model: 'x', prompt: text}))
    assert.equal([error.status, error.code, calls], [413, 'body_too_large', 1])
  }
})

test('curl shows 413', async (t) => {
  const curl = async (...more: string[]): Promise<string> => {
    const child = promisify(execFile)('curl', [
      ...[
        '-sS',
        '-o',
        '-',
        '-w',
        ' %{http_code}',
        '--data-binary',
        '@-',
        '-H',
        'Content-Type: application/json',
        ...more,
      ],
      `${served().http.url}/v1/completions`,
    ])
    child.child.stdin?.on('error', () => undefined)
    child.child.stdin?.end(large)
    return (await child).stdout
  }
  try {
    for (const more of [[], ['-H', 'Expect:'], ['-H', 'Transfer-Encoding: chunked'], ['-0']]) {
      assert.match(await curl(...more), /"code":"body_too_large".* 413$/, more.join(' '))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') t.skip('there is no curl')
    throw error
  }
})

test('a request that is rejected before its body was read leaves the connection usable', async () => {
  const body = `{"prompt":"${'x'.repeat(5000)}"}`
  const first = `POST /v1/nothing HTTP/1.1\r\n${host}${json}Content-Length: ${body.length}\r\n\r\n${body}`
  const {text} = await send(`${first}GET /health HTTP/1.1\r\n${host}${close}\r\n`)
  assert.match(text, /^HTTP\/1\.1 404 [^]*HTTP\/1\.1 200 /)
})

test('requests of one connection are answered in their order', async () => {
  const ask = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`
  const {text} = await send(ask('/health') + ask('/nothing') + ask('/v1/models') + ask('/health', close))
  assert.equal(
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '404', '200', '200'],
  )
})

const asking = (fields: string): string => {
  const body = `{"prompt": "Hello", "temperature": 0, ${fields}}`
  return completion(`Content-Length: ${body.length}\r\n`, body)
}

test('a client that ends its side after its request gets its answer', async () => {
  const {text} = await send(asking('"max_tokens": 300, "ignore_eos": true'), {end: true})
  assert.match(text, /HTTP\/1\.1 200 [^]*"completion_tokens":300/)
  const stream = await send(asking('"max_tokens": 300, "ignore_eos": true, "stream": true'), {end: true})
  assert.match(stream.text, /HTTP\/1\.1 200 [^]*data: \[DONE\]/)
  const health = await send(`GET /health HTTP/1.1\r\n${host}\r\n`, {end: true})
  assert.match(health.text, /^HTTP\/1\.1 200 /)
})

test('a client of HTTP/1.0 that ends its side before the answer begins is gone', async () => {
  const long = asking('"max_tokens": 2000, "ignore_eos": true').replace('HTTP/1.1', 'HTTP/1.0')
  assert.is((await send(long, {end: true})).text, '')
  await until(async () => (await served().backend.status('queue')).running === 0)
})

test('a client that ends its side within its request is told', async () => {
  const received = await send(completion('Content-Length: 30\r\n', '{"prompt"'), {end: true})
  assert.equal(errorOf(received), {status: 400, code: 'incomplete_request'})
})

async function leave(socket: Socket, request: string): Promise<void> {
  await once(socket, 'connect')
  await new Promise((resolve) => socket.write(request, resolve))
  await until(async () => (await served().backend.status('queue')).running === 1)
  socket.destroy()
  await until(async () => (await served().backend.status('queue')).running === 0)
}

test('a client that is gone ends its request, whether it streams or not', async () => {
  for (const stream of [false, true]) {
    const fields = `"max_tokens": -1, "timeout_ms": 0, "ignore_eos": true, "stream": ${stream}`
    const before = served().log.length
    await leave(connect(port(), '127.0.0.1'), asking(fields))
    assert.ok(served().log.slice(before).includes('info: client disconnected'), served().log.join())
  }
})
