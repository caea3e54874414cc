import * as assert from 'uvu/assert'
import type {Core} from '../../src/backend/contract/core.js'
import type {OutputMetadata} from '../../src/backend/contract/types.js'
import type {RuntimeOptions} from '../../src/config/index.js'
import {NnError} from '../../src/errors.js'
import {Conversation, type Message} from '../../src/chat/conversation.js'
import {suite} from '../support/suite.js'

const test = suite('conversations')

interface Asked {
  prompt: string
  options: RuntimeOptions
}

/** A backend that gives these answers and notes what it was asked; an error may follow a part of an answer. */
function backendSaying(...answers: (string | {text: string; error: NnError})[]) {
  const asked: Asked[] = []
  const answer: Core['answer'] = (_target, {input, options = {}}, {onText} = {}) => {
    asked.push({prompt: input, options})
    const next = answers.shift() ?? ''
    const text = typeof next === 'string' ? next : next.text
    if (text !== '') onText?.(text)
    if (typeof next === 'string') return Promise.resolve({text, metadata})
    return Promise.reject(text === '' ? next.error : next.error.withPartial({text, metadata}))
  }
  const render: Core['render'] = (_target, {input}) =>
    Promise.resolve({text: `[${input}]`, tokens: [], pieces: [], dropped_messages: 0})
  return {asked, conversation: new Conversation({answer, render}, 0, {temp: 0}, 'chat')}
}

const metadata = {input_tokens: 3, output_tokens: 2, cached_tokens: 1, prompt_ms: 1, predict_ms: 1} as OutputMetadata
const broken = new NnError('runtime_error', 'The engine died.')
const histories = (asked: Asked[]): unknown[] => asked.map(({options}) => options.history)

function turns(...texts: string[]): Message[] {
  return texts.map((content, at) => ({role: at % 2 === 0 ? 'user' : 'assistant', content}))
}

test('each prompt is shown as the model gets it, if that is wanted', async () => {
  const {conversation} = backendSaying('A', 'B', 'C')
  const prompts: string[] = []
  await conversation.ask('one')
  conversation.onPrompt = (text) => prompts.push(text)
  await conversation.ask('two')
  await conversation.askAgain()
  assert.equal(prompts, ['[two]', '[two]'])
})

test('the backend keeps the history of what is asked', async () => {
  const {asked, conversation} = backendSaying('a1', 'a2')
  assert.is((await conversation.ask('q1')).text, 'a1')
  await conversation.ask('q2')
  assert.equal(asked, [
    {prompt: 'q1', options: {temp: 0}},
    {prompt: 'q2', options: {temp: 0}},
  ])
  assert.equal(conversation.messages, turns('q1', 'a1', 'q2', 'a2'))
  assert.equal(conversation.usage, {
    ...{answers: 2, promptTokens: 6, cachedTokens: 2, answerTokens: 4, promptMs: 2, predictMs: 2},
  })
})

test('asked again, the answer is replaced', async () => {
  const {asked, conversation} = backendSaying('a1', 'a2', 'b2', 'a3')
  for (const prompt of ['q1', 'q2']) await conversation.ask(prompt)
  await conversation.askAgain()
  await conversation.ask('q3')
  assert.equal(conversation.messages, turns('q1', 'a1', 'q2', 'b2', 'q3', 'a3'))
  assert.equal(histories(asked), [undefined, undefined, turns('q1', 'a1'), undefined])
})

test('an answer that does not come a second time stays, and the backend is told', async () => {
  const {asked, conversation} = backendSaying('a1', '', 'a2')
  await conversation.ask('q1')
  await conversation.askAgain()
  assert.equal(conversation.messages, turns('q1', 'a1'))
  await conversation.ask('q2')
  assert.equal(histories(asked), [undefined, [], turns('q1', 'a1')])
})

test('cleared, the next question brings an empty history', async () => {
  const {asked, conversation} = backendSaying('a1', 'a2', 'a3')
  await conversation.ask('q1')
  conversation.clear()
  assert.is(conversation.askAgain(), undefined)
  await conversation.ask('q2')
  await conversation.ask('q3')
  assert.equal(histories(asked), [undefined, [], undefined])
  assert.equal(conversation.messages, turns('q2', 'a2', 'q3', 'a3'))
})

test('restored, the next question brings the messages along', async () => {
  const {asked, conversation} = backendSaying('a2', 'b2')
  conversation.restore(turns('q1', 'a1'))
  await conversation.ask('q2')
  await conversation.askAgain()
  assert.equal(histories(asked), [turns('q1', 'a1'), turns('q1', 'a1')])
})

test('a restored question without an answer can be asked again', async () => {
  const {asked, conversation} = backendSaying('a2')
  conversation.restore(turns('q1', 'a1', 'q2'))
  assert.equal(conversation.messages, turns('q1', 'a1'))
  await conversation.askAgain()
  assert.equal(asked, [{prompt: 'q2', options: {temp: 0, history: turns('q1', 'a1')}}])
})

test('a failed question leaves the history as it was', async () => {
  const {asked, conversation} = backendSaying('a1', {text: '', error: broken}, 'a3')
  await conversation.ask('q1')
  assert.is((await conversation.ask('q2')).failure, broken)
  await conversation.ask('q3')
  assert.equal(conversation.messages, turns('q1', 'a1', 'q3', 'a3'))
  assert.equal(histories(asked), [undefined, undefined, undefined])
})

const late = new NnError('deadline', 'The task did not finish in 10 ms.')
const full = new NnError('context_full', 'The context of 64 tokens is full.')
for (const error of [broken, late, full]) {
  test(`a turn that failed after a part of its answer is not in the history: ${error.reason}`, async () => {
    const {asked, conversation} = backendSaying('a1', {text: 'a', error}, 'a3')
    await conversation.ask('q1')
    const {text, failure} = await conversation.ask('q2')
    assert.equal([text, failure?.message], ['a', error.message])
    assert.equal(conversation.messages, turns('q1', 'a1'))
    await conversation.ask('q3')
    assert.equal(conversation.messages, turns('q1', 'a1', 'q3', 'a3'))
    assert.equal(histories(asked), [undefined, undefined, undefined])
  })
}

test('a turn that failed can be answered again', async () => {
  const {asked, conversation} = backendSaying('a1', {text: 'a', error: late}, 'a2')
  await conversation.ask('q1')
  await conversation.ask('q2')
  await conversation.askAgain()
  assert.equal(conversation.messages, turns('q1', 'a1', 'q2', 'a2'))
  assert.equal(histories(asked), [undefined, undefined, undefined])
})

test('the old answer stays if a new one fails', async () => {
  const {asked, conversation} = backendSaying('a1', {text: 'b', error: late}, 'a2')
  await conversation.ask('q1')
  await conversation.askAgain()
  assert.equal(conversation.messages, turns('q1', 'a1'))
  await conversation.ask('q2')
  assert.equal(histories(asked), [undefined, [], undefined])
})

test('an answer that lost its connection is not in the history, and the next question brings that along', async () => {
  const {asked, conversation} = backendSaying('a1', {text: 'a', error: new NnError('connection_lost')}, 'a3')
  await conversation.ask('q1')
  await conversation.ask('q2')
  await conversation.ask('q3')
  assert.equal(histories(asked), [undefined, undefined, turns('q1', 'a1')])
})

test('a history that a question brought is brought again if it was stopped before it began', async () => {
  const {asked, conversation} = backendSaying({text: '', error: new NnError('aborted')}, 'a2')
  conversation.restore(turns('q0', 'a0'))
  await conversation.ask('q1', {signal: AbortSignal.abort()})
  await conversation.ask('q2')
  assert.equal(histories(asked), [turns('q0', 'a0'), turns('q0', 'a0')])
})

test('a history that a failed question brought is brought again', async () => {
  const {asked, conversation} = backendSaying({text: '', error: broken}, 'a1')
  conversation.clear()
  await conversation.ask('q1')
  await conversation.askAgain()
  assert.equal(histories(asked), [[], []])
})

test('stopped before it began, a question has neither text nor failure', async () => {
  const {conversation} = backendSaying({text: '', error: broken})
  assert.equal(await conversation.ask('q1', {signal: AbortSignal.abort()}), {text: ''})
})

test('in raw mode nothing is remembered or brought along', async () => {
  const {asked, conversation} = backendSaying('a1', 'a2', 'a3')
  conversation.clear()
  conversation.options = {prompt_mode: 'raw'}
  await conversation.ask('q1')
  await conversation.askAgain()
  assert.equal(asked[1], {prompt: 'q1', options: {prompt_mode: 'raw'}})
  assert.equal(conversation.messages, [])
  conversation.options = {}
  await conversation.ask('q2')
  assert.equal(histories(asked), [undefined, undefined, []])
})

test('what the backend has already is not brought along, unless it is asked again', async () => {
  const {asked, conversation} = backendSaying('a2', 'again')
  conversation.resume(turns('q1', 'a1'))
  await conversation.ask('q2')
  assert.equal(conversation.messages, turns('q1', 'a1', 'q2', 'a2'))
  await conversation.askAgain()
  assert.equal(histories(asked), [undefined, turns('q1', 'a1')])
})

test('the last question of a resumed conversation can be answered again', async () => {
  const {asked, conversation} = backendSaying('again')
  conversation.resume(turns('q0', 'a0', 'q1', 'a1'))
  await conversation.askAgain()
  assert.equal(histories(asked), [turns('q0', 'a0')])
  assert.equal(conversation.messages, turns('q0', 'a0', 'q1', 'again'))
})
