import * as assert from 'uvu/assert'
import {askAfresh} from '../../../../support/fixtures.js'
import {rejects, thrownBy} from '../../../../support/rejects.js'
import {sharedBackend} from '../../../../support/shared-backend.js'
import {suite} from '../../../../support/suite.js'
import {NnError} from '../../../../../src/errors.js'
import {textTensor} from '../../../../../src/index.js'
import {readMetadata, readOutput} from '../../../../../src/backend/contract/read-output.js'

// A grammar that has come to its end leaves nothing but an end token, also when end tokens are banned.
const test = suite('the end of a grammar', {timeoutMs: 20_000})
const opened = sharedBackend(test)

/** The fixture's end tokens. */
const ends = [797, 799]
const grammar = 'root ::= "yes"'

const bans: [what: string, options: object][] = [
  ['ignore_eos', {ignore_eos: true}],
  ['a bias that forbids the end tokens', {logit_bias: ends.map((token) => [token, false])}],
  ['forbidden end tokens', {forbidden_tokens: ends}],
  ['a bias that makes the end tokens unlikely', {logit_bias: ends.map((token) => [token, -100])}],
]
const ways: [what: string, options: object][] = [
  ['greedy', {}],
  ['sampled', {temp: 1, seed: 3}],
  ['very hot', {temp: 50, top_k: 0, top_p: 1, min_p: 0, seed: 3}],
  ['with log-probabilities', {n_probs: 2}],
  ['with mirostat', {temp: 1, mirostat: 2, seed: 3}],
  ['with typical sampling', {temp: 1, typical_p: 0.5, min_keep: 3, seed: 3}],
  ['with DRY and penalties', {dry_multiplier: 1, repeat_penalty: 1.5, presence_penalty: 1}],
  ['deterministic', {deterministic: true}],
]
for (const [what, ban] of bans) {
  for (const [how, way] of ways) {
    test(`${what}, ${how}: the answer ends with the grammar`, async () => {
      const {text, metadata} = await askAfresh(opened(), 'Hello!', {grammar, max_tokens: 60, ...ban, ...way})
      assert.equal([text, metadata.stop_reason], ['yes', 'end_of_sequence'])
    })
  }
}

test('a schema ends the answer as well', async () => {
  const json_schema = {type: 'object', properties: {name: {type: 'string', maxLength: 8}}, additionalProperties: false}
  const {text, metadata} = await askAfresh(opened(), 'Describe Bob from Rome as JSON.', {
    ...{json_schema, ignore_eos: true, max_tokens: 60},
  })
  assert.equal([Object.keys(JSON.parse(text) as object), metadata.stop_reason], [['name'], 'end_of_sequence'])
})

test('a grammar that can go on does so, as ignore_eos says', async () => {
  const {metadata} = await askAfresh(opened(), 'Hello!', {grammar: 'root ::= "a"+', ignore_eos: true, max_tokens: 40})
  assert.equal([metadata.output_tokens, metadata.stop_reason], [40, 'max_tokens'])
})

test('a grammar that can go on or end, and whose texts are all forbidden, ends', async () => {
  const {text, metadata} = await askAfresh(opened(), 'Hello!', {
    ...{grammar: 'root ::= "a" "b"*', ignore_eos: true, forbidden_tokens: ['b'], max_tokens: 40},
  })
  assert.equal([text, metadata.stop_reason], ['a', 'end_of_sequence'])
})

test('token by token, the step after the grammar says that the answer is complete', async () => {
  const {backend, graph} = opened()
  const context = await backend.initExecutionContext(graph)
  await backend.setInput(context, 1, textTensor(JSON.stringify({grammar, ignore_eos: true})))
  await backend.setInput(context, 0, textTensor('Hello!'))
  const steps = async (): Promise<never> => {
    for (;;) await backend.computeSingle(context)
  }
  await rejects(steps(), 'end_of_sequence')
  assert.is(await readOutput(backend, context), 'yes')
  assert.is((await readMetadata(backend, context)).stop_reason, 'end_of_sequence')
  await backend.closeExecutionContext(context)
})

for (const n_probs of [0, 1]) {
  test(`a grammar whose only text is forbidden fails with the reason, and the engine goes on (n_probs ${n_probs})`, async () => {
    const error = await thrownBy(
      askAfresh(opened(), 'Hello!', {grammar, n_probs, forbidden_tokens: ['y', 'ye', 'yes'], max_tokens: 10}),
    )
    assert.instance(error, NnError)
    assert.match(String(error), /No token is allowed next/)
    assert.is((await askAfresh(opened(), 'Hello!')).text, 'Hello! How can I help you?')
  })
}

test('a vocabulary that is banned altogether fails with the reason', async () => {
  const logit_bias = Array.from({length: 800}, (_, token) => [token, false])
  await rejects(askAfresh(opened(), 'Hello!', {logit_bias}), 'runtime_error', /No token is allowed next/)
})
