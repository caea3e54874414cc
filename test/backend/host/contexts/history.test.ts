import * as assert from 'uvu/assert'
import {textTensor} from '../../../../src/index.js'
import {readMetadata} from '../../../../src/backend/contract/read-output.js'
import {rewrittenHistory, type StoredMessage} from '../../../../src/backend/sessions/session-store.js'
import {ask, type Answer} from '../../../support/fixtures.js'
import {rejects} from '../../../support/rejects.js'
import {sharedBackend} from '../../../support/shared-backend.js'
import {suite} from '../../../support/suite.js'

const test = suite('histories that a request brings', {timeoutMs: 20_000})
const opened = sharedBackend(test, {threads: 1, temp: 0})

const alice = turn('My name is Alice.', 'Nice to meet you, Alice!')
const bob = turn('My name is Bob.', 'Nice to meet you, Bob!')

test('a history takes the place of the session’s, and the conversation goes on from it', async () => {
  const context = await open('replaced')
  await ask(context, 'My name is Alice.')
  assert.is(await name(context, {history: bob}), 'Your name is Bob.')
  assert.is(await name(context), 'Your name is Bob.')
})

test('an empty history starts anew', async () => {
  const context = await open('anew')
  await ask(context, 'My name is Alice.')
  assert.is(await name(context, {history: []}), 'You have not told me your name.')
})

test('input 1 holds for further computes, but its history only for the next one', async () => {
  const {backend, context} = await open('once')
  await backend.setInput(context, 1, textTensor(JSON.stringify({history: bob})))
  await backend.setInput(context, 0, textTensor('I live in Rome.'))
  await backend.compute(context)
  await backend.setInput(context, 0, textTensor('Where do I live?'))
  await backend.compute(context)
  const {sessions} = await backend.status('sessions')
  assert.is(sessions.find(({id}) => id === 'once')?.messages, 6)
})

test('the metadata of an input counts the history that it will have', async () => {
  const {backend, context} = await open('counted')
  await backend.setInput(context, 0, textTensor('What is my name?'))
  const alone = (await readMetadata(backend, context)).input_tokens
  await backend.setInput(context, 1, textTensor(JSON.stringify({history: bob})))
  assert.ok((await readMetadata(backend, context)).input_tokens > alone)
})

test('run_inference takes a history for that call', async () => {
  const {backend, context} = await open('call')
  const buffer = new Uint8Array(1024)
  const options = JSON.stringify({history: alice})
  const written = await backend.runInference(context, 0, textTensor('What is my name?'), buffer, options)
  assert.is(Buffer.from(buffer.subarray(0, written)).toString(), 'Your name is Alice.')
})

test('token by token, a history holds as well', async () => {
  const {backend, context} = await open('single')
  await backend.setInput(context, 1, textTensor(JSON.stringify({history: bob})))
  await backend.setInput(context, 0, textTensor('What is my name?'))
  await rejects(
    (async () => {
      for (;;) await backend.computeSingle(context)
    })(),
    'end_of_sequence',
  )
  assert.is(await name({backend, context}), 'Your name is Bob.')
})

test('a conversation sent back as it was is found in the cache', async () => {
  const context = await open('cached')
  const first = await ask(context, 'My name is Alice.')
  const going: Answer = await ask(context, 'What is my name?', {history: turn('My name is Alice.', first.text)})
  assert.ok(going.metadata.cached_tokens >= first.metadata.input_tokens, String(going.metadata.cached_tokens))
})

test('the same beginning keeps its tokens, the rest has none', () => {
  const generated = {model: 'qwen', tokens: new Uint32Array([1])}
  const [question, answer] = alice as [StoredMessage, StoredMessage]
  const stored = [question, {...answer, generated}, ...bob]
  assert.equal(rewrittenHistory(stored, [...alice, ...alice]), [question, {...answer, generated}, ...alice])
  assert.equal(rewrittenHistory(stored, alice), stored.slice(0, 2))
  assert.equal(rewrittenHistory(stored, bob), bob)
  assert.is(rewrittenHistory(stored, null), stored)
})

function turn(question: string, answer: string): StoredMessage[] {
  return [
    {role: 'user', content: question},
    {role: 'assistant', content: answer},
  ]
}

async function open(session: string) {
  const {backend, graph} = opened()
  return {backend, context: await backend.initExecutionContextWithSessionId(graph, session)}
}

async function name(context: Parameters<typeof ask>[0], options: object = {}): Promise<string> {
  return (await ask(context, 'What is my name?', options)).text
}
