// Clients send `max_tokens` all the same.
/* eslint-disable @typescript-eslint/no-deprecated */
import type OpenAI from 'openai'
import * as assert from 'uvu/assert'
import {suite} from '../support/suite.js'
import {failure, sharedServer} from './support/serve.js'

const test = suite('chat over HTTP', {timeoutMs: 20_000})
const served = sharedServer(test, {config: {parallel: 2, ctx_size: 512}})

type Body = OpenAI.ChatCompletionCreateParamsNonStreaming
type Messages = OpenAI.ChatCompletionMessageParam[]

const model = (): string => name
let name = ''
test.before(async () => {
  name = (await served().client.models.list()).data[0]?.id ?? ''
})

const create = (body: Partial<Body> & {messages: Messages}): Promise<OpenAI.ChatCompletion> =>
  served().client.chat.completions.create({model: model(), ...body})

const hello: Messages = [{role: 'user', content: 'Hello!'}]

test('the official client gets an answer with its usage', async () => {
  const answer = await create({messages: hello})
  const [choice] = answer.choices
  assert.is(choice?.message.content, 'Hello! How can I help you?')
  assert.is(choice?.finish_reason, 'stop')
  assert.match(answer.id, /^chatcmpl-[0-9a-f]{32}$/)
  assert.is(answer.model, model())
  assert.match(answer.system_fingerprint ?? '', /^llama\.cpp-v/)
  const {prompt_tokens: prompt = 0, completion_tokens: completion = 0, total_tokens: total} = answer.usage ?? {}
  assert.ok(prompt > 0 && completion > 0)
  assert.is(total, prompt + completion)
})

test('a stream gives the same text in pieces, then its end and usage', async () => {
  const stream = await served().client.chat.completions.create({
    ...{model: model(), messages: hello, stream: true, stream_options: {include_usage: true}},
  })
  const deltas: string[] = []
  const finishes: string[] = []
  let tokens = 0
  for await (const {choices, usage} of stream) {
    for (const {delta, finish_reason} of choices) {
      deltas.push(delta.content ?? '')
      if (finish_reason !== null) finishes.push(finish_reason)
    }
    tokens = usage?.completion_tokens ?? tokens
  }
  assert.is(deltas.join(''), 'Hello! How can I help you?')
  assert.ok(deltas.length > 3)
  assert.equal(finishes, ['stop'])
  assert.ok(tokens > 0)
})

test('a client that sends the growing conversation finds it in the cache', async () => {
  const first: Messages = [{role: 'user', content: 'My name is Alice.'}]
  const one = await create({messages: first})
  await create({messages: hello})
  const said = one.choices[0]?.message.content ?? ''
  const two = await create({
    messages: [...first, {role: 'assistant', content: said}, {role: 'user', content: 'What is my name?'}],
  })
  assert.is(two.choices[0]?.message.content, 'Your name is Alice.')
  const cached = two.usage?.prompt_tokens_details?.cached_tokens ?? 0
  assert.ok(cached >= (one.usage?.prompt_tokens ?? Infinity), `${cached} tokens were cached`)
})

test('requests leave no session and no context behind', async () => {
  await Promise.all(Array.from({length: 12}, () => create({messages: hello})))
  const status = await served().backend.status('sessions')
  assert.equal(status.contexts.length, 1)
  assert.equal(status.active, 1)
})

test('a named session goes on with nothing but the question', async () => {
  const session = {session_id: 'mine'} as object
  await create({...session, messages: [{role: 'user', content: 'My name is Alice.'}]})
  const answer = await create({...session, messages: [{role: 'user', content: 'What is my name?'}]})
  assert.is(answer.choices[0]?.message.content, 'Your name is Alice.')
})

test('max_tokens, stop and max_completion_tokens end it', async () => {
  const short = await create({messages: hello, max_tokens: 2})
  assert.equal([short.choices[0]?.finish_reason, short.usage?.completion_tokens], ['length', 2])
  const other = await create({messages: hello, max_completion_tokens: 3, max_tokens: 9})
  assert.is(other.usage?.completion_tokens, 3)
  const stopped = await create({messages: hello, stop: ' How'})
  assert.equal([stopped.choices[0]?.message.content, stopped.choices[0]?.finish_reason], ['Hello!', 'stop'])
})

test('the same seed gives the same text', async () => {
  const options = {messages: hello, temperature: 1.8, top_p: 1, max_tokens: 12, deterministic: true}
  const texts = await Promise.all([7, 7].map((seed) => create({...options, seed})))
  assert.is(texts[0]?.choices[0]?.message.content, texts[1]?.choices[0]?.message.content)
})

test('a JSON schema is followed', async () => {
  const schema = {
    type: 'object',
    properties: {city: {type: 'string', maxLength: 12}, big: {type: 'boolean'}},
    required: ['city', 'big'],
    additionalProperties: false,
  }
  const answer = await create({
    messages: [{role: 'user', content: 'Name a city.'}],
    response_format: {type: 'json_schema', json_schema: {name: 'city', strict: true, schema}},
  })
  const value = JSON.parse(answer.choices[0]?.message.content ?? '') as {city: unknown; big: unknown}
  assert.equal([typeof value.city, typeof value.big], ['string', 'boolean'])
})

test('json_object starts an object', async () => {
  const answer = await create({messages: hello, response_format: {type: 'json_object'}, max_tokens: 40})
  assert.match(answer.choices[0]?.message.content ?? '', /^\{/)
})

test('log-probabilities come with the answer, and at the end of a stream', async () => {
  const answer = await create({messages: hello, logprobs: true, top_logprobs: 2, max_tokens: 3})
  const tokens = answer.choices[0]?.logprobs?.content ?? []
  assert.is(tokens.map(({token}) => token).join(''), answer.choices[0]?.message.content)
  assert.ok(tokens.every(({logprob, top_logprobs}) => logprob <= 0 && top_logprobs.length === 2))
  const stream = await served().client.chat.completions.create({
    ...{model: model(), messages: hello, logprobs: true, max_tokens: 3, stream: true},
  })
  const streamed: string[] = []
  for await (const {choices} of stream) {
    for (const {token} of choices[0]?.logprobs?.content ?? []) streamed.push(token)
  }
  assert.equal(
    streamed,
    tokens.map(({token}) => token),
  )
})

test('logit_bias of -100 keeps a token out', async () => {
  const plain = await create({messages: hello, logprobs: true, max_tokens: 1})
  const said = plain.choices[0]?.message.content
  const banned = Object.fromEntries(Array.from({length: 400}, (_, token) => [String(token), -100]))
  const other = await create({messages: hello, logit_bias: banned, max_tokens: 1})
  assert.is.not(other.choices[0]?.message.content, said)
})

test('system messages are joined, content parts too', async () => {
  const answer = await create({
    messages: [
      {role: 'system', content: 'You are kind.'},
      {role: 'developer', content: [{type: 'text', text: 'You are brief.'}]},
      {
        role: 'user',
        content: [
          {type: 'text', text: 'Hel'},
          {type: 'text', text: 'lo!'},
        ],
      },
    ],
  })
  assert.ok((answer.choices[0]?.message.content ?? '').length > 0)
})

const refusals: [what: string, body: object, status: number, param: string | null, message: RegExp][] = [
  ['an unknown model', {model: 'gpt-9', messages: hello}, 404, 'model', /"gpt-9" is not loaded/],
  ['no messages', {messages: []}, 400, 'messages', /messages/],
  ['a missing field', {messages: undefined}, 400, 'messages', /is missing/],
  ['a wrong type', {messages: hello, temperature: 'hot'}, 400, 'temperature', /must be/],
  ['a value out of range', {messages: hello, top_p: 2}, 400, 'top_p', /between 0 and 1|at most 1|must be/],
  ['several choices', {messages: hello, n: 2}, 400, 'n', /^400 n: only one answer per request is supported/],
  ['messages that are none', {messages: 'x'}, 400, 'messages', /must be a list of 1 to 10000 items; got "x"/],
  ['tools', {messages: hello, tools: [{type: 'function'}]}, 400, 'tools', /tools and functions are not supported/],
  ['a tool message', {messages: [{role: 'tool', content: 'x'}]}, 400, 'messages[0].role', /tools are not/],
  ['an unknown role', {messages: [{role: 'narrator', content: 'x'}]}, 400, 'messages[0].role', /must be one of/],
  ['an image', {messages: [{role: 'user', content: [{type: 'image_url'}]}]}, 400, 'messages[0].content[0]', /text/],
  [
    'an answer to go on with',
    {messages: [...hello, {role: 'assistant', content: 'H'}]},
    400,
    'messages[1].role',
    /last/,
  ],
  ['a bias for a word', {messages: hello, logit_bias: {hello: 1}}, 400, 'logit_bias.hello', /must/],
  ['a token that is none', {messages: hello, logit_bias: {'99999999': 1}}, 400, null, /no token 99999999/],
  ['a broken grammar', {messages: hello, grammar: 'root ::= missing'}, 400, null, /grammar/],
  ['top_logprobs alone', {messages: hello, top_logprobs: 2}, 400, 'top_logprobs', /needs logprobs/],
  [
    'a schema without an end',
    {
      messages: hello,
      response_format: {type: 'json_schema', json_schema: {name: 'x', schema: nested(90)}},
    },
    ...([400, 'response_format.json_schema.schema', /64 levels/] as const),
  ],
  [
    'a schema that no grammar can hold an answer to',
    {
      messages: hello,
      response_format: {type: 'json_schema', json_schema: {name: 'x', schema: {type: 'integer', minimum: 1}}},
    },
    ...([400, 'response_format.json_schema.schema', /schema\.minimum: is not supported/] as const),
  ],
  ['a prompt that is too long', {messages: [{role: 'user', content: '1 '.repeat(2000)}]}, 400, null, /context size is/],
]

for (const [what, body, status, param, message] of refusals) {
  test(`${what} is refused with ${status}`, async () => {
    const error = await failure(create(body as {messages: Messages}))
    assert.is(error.status, status)
    assert.is(error.param, param)
    assert.match(error.message, message)
    assert.is(error.type, 'invalid_request_error')
  })
}

test('a context that is too small has the code that clients look for, streamed or not', async () => {
  const messages: Messages = [{role: 'user', content: '1 '.repeat(2000)}]
  const plain = await failure(create({messages}))
  const streamed = await failure(served().client.chat.completions.create({model: model(), messages, stream: true}))
  assert.equal([plain.code, streamed.code], ['context_length_exceeded', 'context_length_exceeded'])
})

test('null is as good as nothing, and unknown fields are named in a header', async () => {
  const body = {messages: hello, temperature: null, stop: null, brand_new: 1, max_token: 3} as unknown as Body
  const {data, response} = await served()
    .client.chat.completions.create({...body, model: model()})
    .withResponse()
  assert.is(data.choices[0]?.message.content, 'Hello! How can I help you?')
  assert.is(response.headers.get('x-wnn-ignored-fields'), 'brand_new, max_token')
})

test('fields that nothing reads are named where they are nested, too', async () => {
  const ignored = async (body: object): Promise<string | null> => {
    const request = {messages: hello, ...body, model: model()} as unknown as Body
    const {response} = await served().client.chat.completions.create(request).withResponse()
    return response.headers.get('x-wnn-ignored-fields')
  }
  const schema = {type: 'object', properties: {a: {type: 'boolean'}}, odd: 1}
  const cases: [body: object, expected: string | null][] = [
    [{stream_options: {include_usage: true}}, null],
    [{stream_options: {include_usage: true, chunk: 1, other: null}}, 'stream_options.chunk'],
    [{messages: [{role: 'user', content: 'Hello!', name: 'Ann'}]}, 'messages[0].name'],
    [
      {messages: [{role: 'user', content: [{type: 'text', text: 'Hello!', cache_control: {}}]}]},
      'messages[0].content[0].cache_control',
    ],
    [{response_format: {type: 'text', odd: 1}}, 'response_format.odd'],
    [{response_format: {type: 'json_object', schema}}, null],
    [{response_format: {type: 'json_schema', json_schema: {name: 'n', strict: true, schema}}}, null],
    [
      {response_format: {type: 'json_schema', json_schema: {name: 'n', description: 'd', schema}}},
      'response_format.json_schema.description',
    ],
    [{logit_bias: {1: 0}}, null],
  ]
  for (const [body, expected] of cases) assert.is(await ignored(body), expected, JSON.stringify(body))
})

test('a field that every message has is named once', async () => {
  const messages = Array.from({length: 41}, (_, n) => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    content: 'Hello!',
    name: 'Ann',
    ...(n > 3 && {weight: 1}),
  }))
  const {response} = await served()
    .client.chat.completions.create({messages, model: model()} as unknown as Body)
    .withResponse()
  assert.is(response.headers.get('x-wnn-ignored-fields'), 'messages[0].name, messages[4].weight')
})

function nested(levels: number): object {
  let schema: object = {type: 'string'}
  for (let level = 0; level < levels; level++) schema = {type: 'array', items: schema}
  return schema
}
