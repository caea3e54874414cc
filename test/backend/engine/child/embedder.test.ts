import * as assert from 'uvu/assert'
import {ask} from '../../../support/fixtures.js'
import {rejects} from '../../../support/rejects.js'
import {sharedBackend} from '../../../support/shared-backend.js'
import {suite} from '../../../support/suite.js'

const test = suite('embeddings of the engine', {timeoutMs: 20_000})
const opened = sharedBackend(test, {ctx_size: 600, batch_size: 64})

const dot = (a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()): number =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)

test('the same text has the same vector of length 1, another text another one', async () => {
  const {backend, graph} = opened()
  const {vectors, tokens} = await backend.core.embed(graph, ['Hello!', 'The capital of France', 'Hello!'])
  const [first, other, again] = vectors
  assert.is(vectors.length, 3)
  assert.ok(tokens >= 3)
  assert.ok(Math.abs(dot(first, first) - 1) < 1e-5)
  assert.ok(dot(first, again) > 0.9999)
  assert.ok(dot(first, other) < 0.99)
})

test('a text longer than a batch is decoded in pieces, one longer than the context refused', async () => {
  const {backend, graph} = opened()
  const {tokens} = await backend.core.embed(graph, ['1'.repeat(500)])
  assert.is(tokens, 500)
  await rejects(backend.core.embed(graph, ['1'.repeat(601)]), 'prompt_too_long', /601 tokens; the context size is 600/)
  await rejects(backend.core.embed(graph, ['']), 'invalid_argument', /no tokens/)
})

test('answers that run meanwhile stay what they are', async () => {
  const {backend, graph, context} = opened()
  const alone = await backend.core.embed(graph, ['The capital of France'])
  const [{text}, together] = await Promise.all([
    ask({backend, context}, 'Hello!'),
    backend.core.embed(graph, ['The capital of France', '1'.repeat(300)]),
  ])
  assert.is(text, 'Hello! How can I help you?')
  assert.ok(dot(together.vectors[0], alone.vectors[0]) > 0.9999)
})

test('texts are taken back by their signal', async () => {
  const {backend, graph} = opened()
  await rejects(backend.core.embed(graph, ['Hello!'], {signal: AbortSignal.abort()}), 'runtime_error', /cancelled/)
  await rejects(backend.core.embed(99, ['Hello!']), 'invalid_argument', /no graph 99/)
})
