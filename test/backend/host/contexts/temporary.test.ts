import * as assert from 'uvu/assert'
import {askAfresh, ask, openBackend, type Opened} from '../../../support/fixtures.js'
import {rejects} from '../../../support/rejects.js'
import {suite} from '../../../support/suite.js'

const test = suite('temporary sessions', {timeoutMs: 20_000})

const withOwn = async (config: object, run: (own: Opened) => Promise<void>): Promise<void> => {
  const own = await openBackend(config)
  try {
    await run(own)
  } finally {
    await own.backend.deinit()
  }
}

test('they take no place from sessions that are kept', () =>
  withOwn({max_sessions: 1}, async ({backend, graph, context}) => {
    await ask({backend, context}, 'My name is Alice.')
    const temporary = await backend.initExecutionContext(graph, {temporary: true})
    assert.is((await ask({backend, context: temporary}, 'Hello!')).text, 'Hello! How can I help you?')
    assert.is((await backend.status('sessions')).active, 1)
    await backend.closeExecutionContext(temporary)
    assert.is((await ask({backend, context}, 'What is my name?')).text, 'Your name is Alice.')
  }))

test('what one has left in its slot serves a conversation that begins alike', () =>
  withOwn({parallel: 2}, async ({backend, graph}) => {
    const history = [
      {role: 'user', content: 'My name is Alice.'},
      {role: 'assistant', content: 'Nice to meet you, Alice!'},
    ]
    const once = async (prompt: string, options: object): Promise<{text: string; cached: number}> => {
      const context = await backend.initExecutionContext(graph, {temporary: true})
      const {text, metadata} = await ask({backend, context}, prompt, options)
      await backend.closeExecutionContext(context)
      return {text, cached: metadata.cached_tokens}
    }
    const first = await once('My name is Alice.', {})
    assert.is(first.text, 'Nice to meet you, Alice!')
    await askAfresh({backend, graph, context: -1}, 'Hello!')
    const second = await once('What is my name?', {history})
    assert.is(second.text, 'Your name is Alice.')
    assert.ok(second.cached > first.cached, `${second.cached} tokens were cached`)
  }))

test('contexts that do not count are no obstacle to others', () =>
  withOwn({max_concurrent: 1}, async ({backend, graph}) => {
    const busy = await rejects(backend.initExecutionContext(graph), 'runtime_error', /at most 1/)
    assert.is(busy.canRetry, true)
    const free = await backend.initExecutionContextWithSessionId(graph, 'mine', {counted: false})
    await backend.closeExecutionContext(free)
  }))
