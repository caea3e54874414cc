import * as assert from 'uvu/assert'
import {readMetadata, readOutput, textTensor} from '../../../../src/index.js'
import {ask, askAfresh, openBackend} from '../../../support/fixtures.js'
import {rejects} from '../../../support/rejects.js'
import {sharedBackend} from '../../../support/shared-backend.js'
import {suite} from '../../../support/suite.js'

const test = suite('limits of an answer', {timeoutMs: 20_000})
const opened = sharedBackend(test)
const story = (options: object): ReturnType<typeof askAfresh> => askAfresh(opened(), 'Tell me a story.', options)
const count = (options: object): ReturnType<typeof askAfresh> => askAfresh(opened(), 'Count from 3 to 9.', options)

test('max_tokens counts exactly; 0 says nothing', async () => {
  for (const max_tokens of [1, 7, 0]) {
    const {metadata} = await story({max_tokens})
    assert.equal([metadata.output_tokens, metadata.stop_reason], [max_tokens, 'max_tokens'])
  }
})

test('a stop string across token borders ends the text before it', async () => {
  const {text, metadata} = await count({stop: ['x', '5, 6']})
  assert.equal([text, metadata.stop_reason, metadata.stopped_by], ['3, 4, ', 'stop', '5, 6'])
})

test('a pattern ends the text behind it', async () => {
  const {text, metadata} = await count({patterns: ['[5-7],']})
  assert.equal([text, metadata.stop_reason, metadata.stopped_by], ['3, 4, 5,', 'pattern', '[5-7],'])
})

test('max_time_ms keeps the partial text', async () => {
  const {text, metadata} = await askAfresh(opened(), 'Tell me a long story.', {
    max_time_ms: 60,
    ignore_eos: true,
    max_tokens: -1,
  })
  assert.is(metadata.stop_reason, 'max_time')
  assert.match(text, /^This/)
})

test('a repetition is noticed', async () => {
  const {metadata} = await story({
    max_repetition_count: 2,
    ignore_eos: true,
    max_tokens: 400,
    logit_bias: [['a', 1000]],
    repeat_penalty: 1,
  })
  assert.is(metadata.stop_reason, 'repetition')
  assert.ok(metadata.output_tokens < 20, String(metadata.output_tokens))
})

test('an abort keeps what was said, in the output and in the history', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  const stop = new AbortController()
  await backend.setInput(context, 0, textTensor('Count from 1 to 100.'))
  let pieces = 0
  await backend.compute(context, {signal: stop.signal, onText: () => ++pieces === 5 && stop.abort()})
  assert.match(await readOutput(backend, context), /^1, 2/)
  assert.is((await readMetadata(backend, context)).stop_reason, 'aborted')
  const {sessions} = await backend.status('sessions')
  assert.is(sessions.at(-1)?.messages, 2)
  await backend.closeExecutionContext(context)
})

test('an abort during the prompt does not wait for its end', async () => {
  const small = await openBackend({ctx_size: 4096, batch_size: 32})
  try {
    const {backend, context} = small
    const stop = new AbortController()
    await backend.setInput(context, 0, textTensor('apple river stone '.repeat(500)))
    const computing = backend.compute(context, {signal: stop.signal})
    while ((await backend.status('queue')).running === 0);
    stop.abort()
    await computing
    const {kv_tokens = Infinity} = (await backend.status('memory')).graphs[0] ?? {}
    const {output_tokens} = await readMetadata(backend, context)
    assert.is(output_tokens, 0)
    // Each of the 1,500 words has a token at least.
    assert.ok(kv_tokens < 750, `${kv_tokens} prompt tokens were evaluated`)
  } finally {
    await small.backend.deinit()
  }
})

test('a task past its deadline is a timeout; what it said stays readable, the history does not have it', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  const late = ask({backend, context}, 'Tell me a long story.', {timeout_ms: 60, ignore_eos: true, max_tokens: -1})
  await rejects(late, 'timeout', /60 ms/)
  assert.match(await readOutput(backend, context), /^This/)
  assert.is((await backend.status('sessions')).sessions.at(-1)?.messages, 0)
  await backend.closeExecutionContext(context)
})

test('the context has the configured size, not the padded one', async () => {
  const small = await openBackend({ctx_size: 60, memory: {context_shifting: false}})
  try {
    await rejects(ask(small, 'apple '.repeat(80)), 'prompt_too_long', /the context size is 60/)
    await rejects(ask(small, 'Tell me a story.'), 'context_full', /60 tokens/)
    const {input_tokens, output_tokens} = await readMetadata(small.backend, small.context)
    // The last token was sampled from the full context and is not in it.
    assert.is(input_tokens + output_tokens, 61)
    assert.match(await readOutput(small.backend, small.context), /^\w+ /)
  } finally {
    await small.backend.deinit()
  }
})

test('with context shifting an answer goes on past the context', async () => {
  const small = await openBackend({ctx_size: 256, memory: {n_keep_tokens: 20, n_discard_tokens: 64}})
  try {
    const {metadata} = await ask(small, 'Count from 1 to 100.', {ignore_eos: true, max_tokens: 400})
    assert.equal([metadata.output_tokens, metadata.stop_reason], [400, 'max_tokens'])
  } finally {
    await small.backend.deinit()
  }
})

test('a conversation longer than the context loses its oldest turns and goes on', async () => {
  const small = await openBackend({ctx_size: 256})
  try {
    for (let turn = 0; turn < 12; turn++) {
      assert.is((await ask(small, 'What is the capital of Japan?')).text, 'The capital of Japan is Tokyo.')
    }
    await ask(small, 'My name is Alice.')
    assert.is((await ask(small, 'What is my name?')).text, 'Your name is Alice.')
  } finally {
    await small.backend.deinit()
  }
})

test('where llama.cpp would not survive a shift, the answer ends instead, and the model lives', async () => {
  for (const cache_type_k of ['q8_0', 'bf16']) {
    const {backend, context} = await openBackend({ctx_size: 256, cache_type_k})
    try {
      const [graph] = (await backend.status('model')).graphs
      assert.match(graph?.warnings.join() ?? '', new RegExp(`with cache_type_k ${cache_type_k}`))
      await rejects(
        ask({backend, context}, 'Tell me a long story.', {ignore_eos: true, max_tokens: 400}),
        'context_full',
      )
      assert.is((await ask({backend, context}, 'Hello!')).text, 'Hello! How can I help you?')
      assert.is((await backend.status('model')).graphs[0]?.crashes, 0)
    } finally {
      await backend.deinit()
    }
  }
})
