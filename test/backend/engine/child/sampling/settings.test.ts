import * as assert from 'uvu/assert'
import {askAfresh} from '../../../../support/fixtures.js'
import {rejects} from '../../../../support/rejects.js'
import {sharedBackend} from '../../../../support/shared-backend.js'
import {suite} from '../../../../support/suite.js'

// What the settings do to real answers; what each sampler does to a distribution is tested beside this file.
const test = suite('sampling settings', {timeoutMs: 20_000})
const opened = sharedBackend(test)
const story = (options: object): ReturnType<typeof askAfresh> => askAfresh(opened(), 'Tell me a story.', options)

test('the same seed gives the same text, another seed another one', async () => {
  const hot = {temp: 1.2, max_tokens: 40, deterministic: true}
  const first = await story({...hot, seed: 1})
  assert.is((await story({...hot, seed: 1})).text, first.text)
  assert.is.not((await story({...hot, seed: 2})).text, first.text)
})

test('without a seed two answers within the same second differ, and the seed in use is told', async () => {
  const hot = {temp: 1.5, max_tokens: 40, deterministic: true}
  const [first, second] = [await story(hot), await story(hot)]
  assert.is.not(first.text, second.text)
  assert.is((await story({...hot, seed: first.metadata.seed})).text, first.text)
})

test('every token of an answer is drawn anew', async () => {
  const {text} = await story({
    temp: 20,
    top_k: 0,
    top_p: 1,
    min_p: 0,
    repeat_penalty: 1,
    seed: 5,
    max_tokens: 60,
    ignore_eos: true,
  })
  assert.ok(new Set(text).size > 15, text)
})

test('ignore_eos goes on past the end of the answer', async () => {
  const {metadata} = await askAfresh(opened(), 'Hello!', {ignore_eos: true, max_tokens: 50})
  assert.equal([metadata.output_tokens, metadata.stop_reason], [50, 'max_tokens'])
})

test('a bias bans and forces tokens, the end of the answer included', async () => {
  const never = await askAfresh(opened(), 'What is the capital of France?', {logit_bias: [['P', false]]})
  assert.not.match(never.text, /P/)
  const ended = await askAfresh(opened(), 'Hello!', {logit_bias: [[799, 1000]]})
  assert.equal([ended.text, ended.metadata.stop_reason], ['', 'end_of_sequence'])
})

test('a token that the vocabulary does not have is refused, and answers beside it are not disturbed', async () => {
  const beside = story({max_tokens: 60})
  await rejects(askAfresh(opened(), 'Hello!', {logit_bias: [[5_000_000, 1]]}), 'invalid_argument', /5000000/)
  assert.is((await beside).metadata.output_tokens, 60)
})

test('forbidden texts never appear, even when several tokens make them', async () => {
  const {text} = await askAfresh(opened(), 'What is the capital of France?', {
    forbidden_tokens: ['Paris'],
    max_tokens: 40,
  })
  assert.not.match(text, /Paris/)
  assert.match(text, /capital of France/)
})

test('the repeat penalty is applied', async () => {
  const looping = {repeat_penalty: 1, max_tokens: 80, ignore_eos: true, n_probs: 1}
  const free = await askAfresh(opened(), 'Repeat after me: friend friend friend', looping)
  const penalized = await askAfresh(opened(), 'Repeat after me: friend friend friend', {
    ...looping,
    repeat_penalty: 1.5,
  })
  const most = (text: string): number => text.split('friend').length - 1
  assert.ok(most(penalized.text) < most(free.text), `${most(penalized.text)} / ${most(free.text)}`)
})

test('DRY looks back at the prompt as well as the answer', async () => {
  const prompt = 'Repeat after me: apple river stone apple river stone'
  const plain = await askAfresh(opened(), prompt, {repeat_penalty: 1})
  const dry = await askAfresh(opened(), prompt, {
    repeat_penalty: 1,
    dry_multiplier: 50,
    dry_allowed_length: 1,
    dry_sequence_breakers: [],
  })
  assert.match(plain.text, /apple river stone/)
  assert.not.match(dry.text, /apple river stone/)
})

test('log-probabilities are those of the whole vocabulary, before any sampler', async () => {
  const {metadata} = await askAfresh(opened(), 'Hello!', {temp: 0.1, top_k: 1, n_probs: 800, max_tokens: 3})
  assert.is(metadata.logprobs?.length, 3)
  for (const {logprob, top} of metadata.logprobs ?? []) {
    const total = top.reduce((sum, candidate) => sum + Math.exp(candidate.logprob), 0)
    assert.ok(Math.abs(total - 1) < 1e-3, `they sum to ${total}`)
    assert.is(top[0]?.logprob, logprob)
  }
})

const json = {type: 'object', properties: {name: {type: 'string'}, city: {type: 'string'}}}

test('a JSON schema forces the form and ends the answer with the document', async () => {
  for (const extra of [{}, {n_probs: 1}]) {
    const {text, metadata} = await askAfresh(opened(), 'Tell me a story.', {
      json_schema: json,
      max_tokens: 200,
      ...extra,
    })
    if (metadata.stop_reason === 'end_of_sequence')
      assert.equal(Object.keys(JSON.parse(text) as object), ['name', 'city'])
    else assert.match(text, /^\{\s*"name": ?"/)
  }
})

test('a grammar holds for each answer anew', async () => {
  const grammar = 'root ::= "yes" | "no"'
  for (let i = 0; i < 3; i++) assert.match((await story({grammar, temp: 1, n_probs: i % 2})).text, /^(yes|no)$/)
})

test('a broken grammar is an invalid_argument, and the engine goes on', async () => {
  await rejects(story({grammar: 'root ::= ('}), 'invalid_argument', /grammar/)
  assert.is((await askAfresh(opened(), 'Hello!')).text, 'Hello! How can I help you?')
})

for (const options of [
  {typical_p: 0.5},
  {mirostat: 1, mirostat_tau: 4, mirostat_eta: 0.2},
  {mirostat: 2},
  {dynatemp_range: 0.5},
  {min_keep: 3, top_k: 1},
]) {
  test(`${JSON.stringify(options)} is repeatable with a seed and varies without`, async () => {
    const settings = {...options, temp: 1.2, seed: 11, max_tokens: 40, deterministic: true}
    const first = await story(settings)
    assert.is((await story(settings)).text, first.text)
    const others = await Promise.all([12, 13, 14].map((seed) => story({...settings, seed})))
    assert.ok(others.some(({text}) => text !== first.text))
  })
}
