import * as assert from 'uvu/assert'
import {Prompts} from '../../src/bench/prompts.js'
import {LocalTarget} from '../../src/bench/targets/local-target.js'
import {phi3, qwen} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('models to measure', {timeoutMs: 30_000})

async function open(t: TestContext, file: string): Promise<LocalTarget> {
  const model = {name: 'm', file, given: {model: {threads: 1}}, contextTokens: 1024, slots: 1}
  const target = await LocalTarget.open(model, {signal: t.signal, onProgress: () => undefined})
  t.after(() => target[Symbol.asyncDispose]())
  return target
}

for (const [name, file] of [
  ['qwen2', qwen],
  ['phi3', phi3],
] as const) {
  test(`prompts for ${name} have exactly the tokens asked for, and answers too`, async (t) => {
    const target = await open(t, file)
    const prompts = await Prompts.forTokenizer((text) => target.countTokens(text))
    assert.ok(prompts.exact)
    for (const [index, tokens] of [8, 9, 64, 333].entries()) {
      const answer = await target.complete({prompt: prompts.make(tokens, index), maxTokens: 24, signal: t.signal})
      const {prompt_tokens, generated_tokens, ended_early, counted} = answer
      assert.equal([prompt_tokens, generated_tokens, ended_early, counted], [tokens, 24, false, 'engine'])
      assert.ok(answer.ttft_ms <= answer.total_ms && (answer.engine_ms?.predict ?? 0) <= answer.total_ms)
    }
  })
}

test('a depth comes from the cache, and a new prompt does not', async (t) => {
  const target = await open(t, qwen)
  const prompts = await Prompts.forTokenizer((text) => target.countTokens(text))
  const ask = (tokens: number, seed: number) =>
    target.complete({prompt: prompts.make(tokens, seed), maxTokens: 1, signal: t.signal})
  assert.ok(((await ask(200, 1)).cached_tokens ?? NaN) < 8)
  assert.is((await ask(300, 1)).cached_tokens, 200)
  assert.ok(((await ask(300, 2)).cached_tokens ?? NaN) < 8)
})

test('a model is loaded again, and switched, and answers then', async (t) => {
  const target = await open(t, qwen)
  assert.ok((await target.reload(t.signal)) > 0)
  const {totalMs, downtimeMs} = await target.switchModel(t.signal)
  assert.ok(totalMs > 0 && downtimeMs <= totalMs)
  assert.is((await target.complete({prompt: 'Once', maxTokens: 3, signal: t.signal})).generated_tokens, 3)
})

test('what is measured is described: file, checksum, layers, settings', async (t) => {
  const {subject} = await open(t, qwen)
  assert.equal(subject.settings, {'model.threads': 1})
  assert.match(subject.model?.sha256 ?? '', /^[0-9a-f]{64}$/)
  const {layers, gpu_layers, ctx_size, parallel, threads} = subject.engine ?? {}
  assert.equal([layers, gpu_layers, ctx_size, parallel, threads], [5, 0, 1024, 1, 1])
})
