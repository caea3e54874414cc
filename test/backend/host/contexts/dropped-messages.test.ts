import * as assert from 'uvu/assert'
import type {RuntimeOptions} from '../../../../src/config/index.js'
import {ask, askAfresh} from '../../../support/fixtures.js'
import {sharedBackend} from '../../../support/shared-backend.js'
import {suite} from '../../../support/suite.js'

// A conversation that no longer fits loses its oldest messages; every report of an answer says how many.
const test = suite('messages that a prompt lacks', {timeoutMs: 20_000})
const opened = sharedBackend(test, {ctx_size: 96, max_tokens: 8})

const history = Array.from({length: 12}, (_, index) => ({
  ...{role: index % 2 === 0 ? 'user' : 'assistant', content: `This is message number ${index}.`},
}))
const shortened = async (): Promise<number> => (await opened().backend.status('performance')).shortened_prompts

test('an answer says how many, added up over the conversation, and so does the status', async () => {
  const {backend, graph} = opened()
  const before = await shortened()
  const context = await backend.initExecutionContextWithSessionId(graph, 'long')
  const counts: number[] = []
  for (let turn = 0; turn < 10; turn++) {
    const input = 'My name is Alice and I live in Rome.'
    const rendered = await backend.core.render({conversation: context}, {input})
    const {metadata} = await ask({backend, context}, input)
    assert.is(rendered.dropped_messages, metadata.dropped_messages ?? 0)
    assert.is(rendered.tokens.length, metadata.input_tokens)
    counts.push(metadata.dropped_messages ?? 0)
    const {sessions} = await backend.status('sessions')
    assert.is(sessions.find(({id}) => id === 'long')?.dropped_messages, counts.at(-1))
  }
  assert.is(counts[0], 0)
  assert.ok(new Set(counts).size > 2, counts.join())
  assert.equal(
    counts,
    counts.toSorted((a, b) => a - b),
  )
  assert.is((await shortened()) - before, counts.filter((count) => count > 0).length)
})

test('a prompt that fits has no such count', async () => {
  const {metadata} = await askAfresh(opened(), 'Hello!')
  assert.not.ok('dropped_messages' in metadata)
})

test('messages that a request brings are counted as well, and the system prompt is none of them', async () => {
  const {metadata} = await askAfresh(opened(), 'Hello!', {history, system_prompt: 'You are brief.'})
  const dropped = metadata.dropped_messages ?? 0
  assert.ok(dropped > 0 && dropped <= history.length, String(dropped))
})

test('token by token, each step says it', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  const request = {input: 'Hello!', options: {history} as RuntimeOptions}
  const counts: unknown[] = []
  for (let done = false; !done;) {
    const step = await backend.core.step(context, request)
    counts.push(step.metadata.dropped_messages)
    done = step.done
  }
  assert.ok(counts.length > 2 && Number(counts[0]) > 0)
  assert.is(new Set(counts).size, 1)
  await backend.closeExecutionContext(context)
})
