import {once} from 'node:events'
import http from 'node:http'
import {connect} from 'node:net'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import {failure, serve, until, type ServeOptions, type Served} from './support/serve.js'

const test = suite('streams over HTTP', {timeoutMs: 20_000})

const model = qwen
const endless = {ignore_eos: true, max_tokens: -1}
const config = {parallel: 1, max_concurrent: 1, max_time_ms: 0, default_task_timeout_ms: 60_000}
const messages = [{role: 'user' as const, content: 'Hello!'}]

async function withServer(options: ServeOptions, run: (served: Served) => Promise<void>): Promise<void> {
  const served = await serve({...options, config: {...config, ...options.config}})
  try {
    await run(served)
  } finally {
    await served.close()
  }
}

interface Running {
  response: http.IncomingMessage
  /** Goes away as a client does whose process ends. */
  leave: () => void
}

/** Starts a streamed chat; resolves with its headers. */
function start({http: {url}}: Served, body: object = endless): Promise<Running> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/v1/chat/completions`, {
      ...{method: 'POST', headers: {'content-type': 'application/json'}, agent: false},
    })
    request.once('error', reject)
    request.once('response', (response) => {
      response.on('error', () => undefined)
      request.off('error', reject).on('error', () => undefined)
      resolve({response, leave: () => request.destroy()})
    })
    request.end(JSON.stringify({messages, stream: true, ...body}))
  })
}

const isRunning = (served: Served, count: number) => async (): Promise<boolean> =>
  (await served.backend.status('queue')).running === count

test('a client that goes frees the slot at once, and nothing stays of it', () =>
  withServer({}, async (served) => {
    const {leave, response} = await start(served)
    await once(response, 'data')
    leave()
    await until(isRunning(served, 0))
    assert.equal((await served.backend.status('sessions')).contexts.length, 1)
    assert.equal(served.log, ['info: client disconnected'])
    const answer = await served.client.chat.completions.create({model, messages})
    assert.is(answer.choices[0]?.message.content, 'Hello! How can I help you?')
  }))

test('a client that goes while it waits leaves the queue; one without a stream too', () =>
  withServer({}, async (served) => {
    const running = await start(served)
    const aborting = new AbortController()
    const options = {signal: aborting.signal}
    const waiting = served.client.chat.completions.create({model, messages}, options)
    await until(async () => (await served.backend.status('queue')).queued === 1)
    aborting.abort()
    await waiting.catch((error: unknown) => assert.match(String(error), /aborted/i))
    await until(async () => (await served.backend.status('queue')).queued === 0)
    running.leave()
    await until(isRunning(served, 0))
  }))

test('a full queue is 429 with Retry-After, for streams as well', () =>
  withServer({config: {queue_size: 1}}, async (served) => {
    const running = await start(served)
    const waiting = start(served)
    await until(async () => (await served.backend.status('queue')).queued === 1)
    for (const stream of [true, false]) {
      const refused = await failure(served.client.chat.completions.create({model, messages, stream}))
      assert.equal([refused.status, refused.type, refused.code], [429, 'rate_limit_error', 'queue_full'])
      assert.match(refused.headers?.get('retry-after') ?? '', /^\d+$/)
    }
    running.leave()
    ;(await waiting).leave()
    await until(isRunning(served, 0))
  }))

test('a stream that waits has its headers, and comments until its turn comes', () =>
  withServer({limits: {openStreamMs: 20, commentMs: 30}}, async (served) => {
    const running = await start(served)
    const {response, leave} = await start(served, {})
    assert.is(response.headers['content-type'], 'text/event-stream; charset=utf-8')
    let received = ''
    response.on('data', (data: Buffer) => (received += data.toString()))
    while (!received.includes(': still here')) await once(response, 'data')
    running.leave()
    await once(response, 'end')
    assert.match(received, /data: \[DONE\]\n\n$/)
    leave()
  }))

/** A model whose name makes every event large: the system's own buffers hold megabytes before a client seems slow. */
async function wordy({backend}: Served): Promise<object> {
  const name = 'n'.repeat(30_000)
  await backend.loadByName(qwen, {name})
  return {...endless, model: name}
}

test('a client that takes nothing loses its stream', () =>
  withServer({limits: {stalledMs: 300, pendingBytes: 2 ** 30}}, async (served) => {
    const {response} = await start(served, await wordy(served))
    response.pause()
    response.socket.pause()
    await until(isRunning(served, 0))
    assert.match(served.log[0] ?? '', /^warn: client is too slow: it has read nothing for 300 ms/)
  }))

test('what a client has still to take is bounded', () =>
  // More than what can be written before a busy client has read the headers.
  withServer({limits: {stalledMs: 60_000, pendingBytes: 4_000_000}}, async (served) => {
    const {response} = await start(served, await wordy(served))
    response.pause()
    response.socket.pause()
    await until(isRunning(served, 0))
    assert.match(served.log[0] ?? '', /^warn: client is too slow: it has not read \d+ bytes/)
  }))

test('a deadline is 504 that clients do not try again; behind the headers it is an event', () =>
  withServer({}, async (served) => {
    const body = {model, messages, ...endless, timeout_ms: 400}
    const plain = await failure(served.client.chat.completions.create(body))
    assert.equal([plain.status, plain.code, plain.headers?.get('x-should-retry')], [504, 'timeout', 'false'])
    const stream = await served.client.chat.completions.create({...body, stream: true})
    let text = ''
    const read = async (): Promise<void> => {
      for await (const {choices} of stream) text += choices[0]?.delta.content ?? ''
    }
    const late = await failure(read())
    assert.is(late.code, 'timeout')
    assert.match(text, /^Hello!/)
  }))

test('an engine that dies is 500, and the next request is answered', () =>
  withServer({}, async (served) => {
    const {response} = await start(served)
    await once(response, 'data')
    const [graph] = (await served.backend.status('memory')).graphs
    process.kill(graph?.engine_pid ?? NaN, 'SIGKILL')
    let received = ''
    for await (const data of response) received += String(data)
    assert.match(received, /"type":"server_error"[^\n]*"code":"runtime_error"/)
    const answer = await served.client.chat.completions.create({model, messages})
    assert.is(answer.choices[0]?.message.content, 'Hello! How can I help you?')
  }))

test('closing lets what runs and what waits come to its end, and refuses what comes with 503', () =>
  withServer({}, async (served) => {
    const running = await start(served, {ignore_eos: true, max_tokens: 1500})
    const waiting = served.client.chat.completions.create({model, messages})
    await until(async () => (await served.backend.status('queue')).queued === 1)
    const closed = served.http.close()
    const refused = await failure(served.client.chat.completions.create({model, messages}))
    assert.equal([refused.status, refused.code], [503, 'server_closing'])
    let received = ''
    for await (const data of running.response) received += String(data)
    assert.match(received, /"finish_reason":"length"[^]*\[DONE\]/)
    assert.is((await waiting).choices[0]?.message.content, 'Hello! How can I help you?')
    await closed
  }))

test('aborting ends what runs and what waits', () =>
  withServer({limits: {openStreamMs: 20}}, async (served) => {
    const running = await start(served)
    const waiting = await start(served)
    const texts = [running, waiting].map(async ({response}) => {
      let received = ''
      for await (const data of response) received += String(data)
      return received
    })
    const from = performance.now()
    served.http.abort()
    await served.http.close()
    for (const text of await Promise.all(texts)) assert.match(text, /"code":"server_closing"/)
    assert.ok(performance.now() - from < 2000)
    const socket = connect(Number(new URL(served.http.url).port), '127.0.0.1')
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    assert.is(error.code, 'ECONNREFUSED')
    await until(isRunning(served, 0))
  }))

test('urgent requests go before those that wait', () =>
  withServer({}, async (served) => {
    const running = await start(served)
    const order: string[] = []
    const one = async (priority: string): Promise<void> => {
      const body = {model, messages, max_tokens: 1, priority}
      await served.client.chat.completions.create(body)
      order.push(priority)
    }
    const low = one('low')
    await until(async () => (await served.backend.status('queue')).queued === 1)
    const urgent = one('urgent')
    await until(async () => (await served.backend.status('queue')).queued === 2)
    running.leave()
    await Promise.all([low, urgent])
    assert.equal(order, ['urgent', 'low'])
  }))
