import * as assert from 'uvu/assert'
import type {LocalCore} from '../../../src/backend/host/core.js'
import type {Answer} from '../../../src/backend/contract/core.js'
import type {GraphStatus} from '../../../src/backend/contract/status.js'
import {NnError} from '../../../src/errors.js'
import {makeRequestsDeadly} from '../../support/deadly-requests.js'
import {qwen} from '../../support/fixtures.js'
import {rejects} from '../../support/rejects.js'
import {suite, type TestContext} from '../../support/suite.js'
import {watchedCore} from '../support/local-core.js'

const test = suite('a request that kills its engine', {timeoutMs: 30_000})

interface Opened {
  core: LocalCore
  ask: (input: string, options?: object) => Promise<Answer>
  status: () => Promise<GraphStatus>
}

async function open(t: TestContext, own: object = {}): Promise<Opened> {
  makeRequestsDeadly(t)
  const core = await watchedCore({parallel: 8, ...own}, {beatMs: 50, silentMs: 10_000, busyMs: 8000})
  t.after(() => core.deinit())
  const graph = await core.load({name: qwen})
  return {
    core,
    ask: (input, options = {}) => core.answer({graph}, {input, options: {max_tokens: 12, ...options}}),
    status: async () => {
      const [status] = await core.graphs()
      if (status === undefined) throw new Error('There is no graph.')
      return status
    },
  }
}

const sum = 'What is 4 + 5?'
const isRight = ({text}: Answer): void => assert.is(text, '4 + 5 = 9.')

for (const [how, what] of [
  ['CRASH WHILE READING', /ended the engine process: The engine process was ended by SIGABRT/],
  ['CRASH WHILE COMPUTING', /ended the engine process: The engine process was ended by SIGABRT/],
  ['HANG WHILE READING', /hung and was ended: it has not answered for \d+(\.\d)? s/],
] as const) {
  test(`${how.toLowerCase()}: it is not tried again, rejected when it comes again, and the model lives`, async (t) => {
    const {ask, status} = await open(t)
    const error = await rejects(ask(how), 'runtime_error', what)
    assert.is(error.reason, 'request_killed_engine')
    const {state, crashes, crashes_by_requests: blamed} = await status()
    assert.equal([state, crashes, blamed], ['starting', 1, 1])
    for (let again = 0; again < 6; again++) {
      await rejects(ask(how), 'runtime_error', /rejected for another (10 min|9 min \d+ s)/)
    }
    assert.is((await status()).crashes, 1)
    isRight(await ask(sum))
  })
}

test('six of them that differ in one character do not make the model fail', async (t) => {
  const {ask, status} = await open(t)
  for (let number = 0; number < 6; number++) {
    await rejects(ask(`CRASH WHILE READING ${number}`), 'runtime_error', /This request ended the engine process/)
  }
  isRight(await ask(sum))
  assert.equal([(await status()).state, (await status()).crashes_by_requests], ['ready', 6])
})

test('others that had no text are answered by the next engine, and those with text keep it', async (t) => {
  const {core, ask, status} = await open(t)
  const [graph] = await core.graphs()
  let began = (): void => undefined
  const begun = new Promise<void>((resolve) => (began = resolve))
  const endless = {ignore_eos: true, max_tokens: -1, max_time_ms: 0, timeout_ms: 60_000}
  let heard = ''
  const streaming = core.answer(
    {graph: graph?.graph ?? 0},
    {input: 'Tell me a story.', options: endless},
    {
      onText: (text) => {
        heard += text
        began()
      },
    },
  )
  await begun
  const silent = ask('Count from 1 to 100.', {ignore_eos: true, max_tokens: 300})
  const lost = rejects(streaming, 'runtime_error', /ended by SIGABRT/)
  // Decodes of others run at the same time: it is a suspect, is tried again, and found by that.
  const killer = await rejects(ask('CRASH WHILE READING'), 'runtime_error', /ended the engine process/)
  assert.is(killer.reason, 'request_killed_engine')
  const {partial} = await lost
  assert.is(partial?.text, heard)
  assert.is((await silent).metadata.output_tokens, 300)
  isRight(await ask(sum))
  assert.is((await status()).state, 'ready')
})

test('of eight that run together, the one is found and the seven are answered', async (t) => {
  const {ask, status} = await open(t)
  const questions = ['CRASH WITH 3', ...[1, 2, 3, 4, 5, 6, 7].map((number) => `What is ${number} + 1?`)]
  const answers = await Promise.allSettled(
    questions.map((question) => ask(question, {ignore_eos: true, max_tokens: 60})),
  )
  const failed = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []))
  assert.equal(failed, [], failed.map(String).join('\n'))
  const {state, crashes} = await status()
  assert.equal([state, crashes], ['ready', 1])
})

test('of several that run together, one that kills alone is found', async (t) => {
  const {ask, status} = await open(t)
  const questions = ['CRASH WHILE COMPUTING', ...[1, 2, 3].map((number) => `What is ${number} + 1?`)]
  const [killer, ...others] = await Promise.allSettled(questions.map((question) => ask(question)))
  const reason: unknown = killer?.status === 'rejected' ? killer.reason : undefined
  assert.is(reason instanceof NnError ? reason.reason : reason, 'request_killed_engine')
  for (const other of others) assert.is(other.status, 'fulfilled')
  const {state, crashes, crashes_by_requests: blamed} = await status()
  assert.equal([state, crashes === blamed], ['ready', true])
})

test('the same of several clients at once is one request', async (t) => {
  const {ask, status} = await open(t)
  const clients = [1, 2, 3].map(() => rejects(ask('CRASH WHILE READING'), 'runtime_error'))
  const reasons = (await Promise.all(clients)).map(({reason}) => reason)
  assert.equal(new Set(reasons), new Set(['request_killed_engine']))
  assert.is((await status()).crashes, 1)
})

test('texts to count, to tokenize and to embed are requests, too', async (t) => {
  const {core, status} = await open(t)
  const [{graph} = {graph: 0}] = await core.graphs()
  const calls: (() => Promise<unknown>)[] = [
    () => core.tokenize(graph, 'CRASH WHILE READING'),
    () => core.count({graph}, {input: 'CRASH WHILE READING'}),
    () => core.embed(graph, ['CRASH WHILE READING']),
  ]
  for (const call of calls) {
    await rejects(call(), 'runtime_error', /This request ended the engine process|engine process was ended/)
  }
  await rejects(core.tokenize(graph, 'CRASH WHILE READING'), 'runtime_error', /is rejected for another/)
  assert.equal([(await status()).crashes, (await core.tokenize(graph, 'Hello!')).tokens.length > 0], [3, true])
})
