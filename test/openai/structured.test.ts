import * as assert from 'uvu/assert'
import {suite} from '../support/suite.js'
import {sharedServer} from './support/serve.js'

// Bodies of requests as clients send them, some with fields that the official client does not know.
const test = suite('answers that follow a grammar or a schema over HTTP', {timeoutMs: 60_000})
const served = sharedServer(test, {config: {ctx_size: 4096}})

interface Reply {
  status: number
  text: string
  finish: string
  error: {message: string; param: string | null; code: string}
}

async function post(body: object): Promise<Reply> {
  const response = await fetch(`${served().http.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({temperature: 0, max_tokens: 60, messages: [{role: 'user', content: 'Hello!'}], ...body}),
  })
  const {choices, error} = (await response.json()) as {
    choices?: {message: {content: string}; finish_reason: string}[]
    error?: Reply['error']
  }
  return {
    ...{status: response.status, text: choices?.[0]?.message.content ?? '', finish: choices?.[0]?.finish_reason ?? ''},
    error: error ?? {message: '', param: null, code: ''},
  }
}

const named = {
  ...{type: 'object', properties: {name: {type: 'string'}}, required: ['name'], additionalProperties: false},
}
const format = (schema: object): object => ({
  response_format: {type: 'json_schema', json_schema: {name: 'x', strict: true, schema}},
})

test('ignore_eos does not outlive a schema', async () => {
  const messages = [{role: 'user', content: 'Describe Bob from Rome as JSON.'}]
  const {status, text, finish} = await post({messages, ignore_eos: true, ...format(named)})
  assert.equal([status, finish, Object.keys(JSON.parse(text) as object)], [200, 'stop', ['name']])
})

test('banned end tokens do not outlive a grammar', async () => {
  const {status, text, finish} = await post({logit_bias: {'797': -100, '799': -100}, grammar: 'root ::= "yes"'})
  assert.equal([status, finish, text], [200, 'stop', 'yes'])
})

test('a grammar with a NUL is refused with the place', async () => {
  const {status, error} = await post({grammar: 'root ::= "a"\0 | (((', max_tokens: 10})
  assert.is(status, 400)
  assert.match(error.message, /^grammar: there is a NUL character, .* at line 1, column 13\./)
})

for (const maxLength of [1500, 2001]) {
  test(`a text of at most ${maxLength} characters is no longer`, async () => {
    const schema = {
      type: 'object',
      properties: {n: {type: 'string', maxLength}},
      required: ['n'],
      additionalProperties: false,
    }
    const {status, text, finish} = await post({max_tokens: 2600, logit_bias: {'97': 100}, ...format(schema)})
    assert.equal([status, finish], [200, 'stop'])
    assert.is((JSON.parse(text) as {n: string}).n.length, maxLength)
  })
}

test('a bound that is too high is refused with its place in the schema', async () => {
  const schema = {type: 'object', properties: {n: {type: 'array', minItems: 1_000_001}}}
  const {status, error} = await post(format(schema))
  assert.equal([status, error.param], [400, 'response_format.json_schema.schema'])
  assert.match(error.message, /^response_format\.json_schema\.schema\.properties\.n\.minItems: must be at most 1000000/)
})

const city = {type: 'object', properties: {city: {type: 'string'}}, required: ['city'], additionalProperties: false}

test('the schema beside json_object is followed', async () => {
  const {status, text} = await post({max_tokens: 30, response_format: {type: 'json_object', schema: city}})
  assert.is(status, 200)
  assert.match(text, /^\{\s*"city":\s*"/)
})

test('an empty schema beside json_object allows any object', async () => {
  const {status, text} = await post({response_format: {type: 'json_object', schema: {}}})
  assert.is(status, 200)
  assert.match(text, /^\{/)
})

const misplaced: [what: string, body: object, param: string, message: RegExp][] = [
  [
    'a schema beside json_object that no grammar can hold',
    {response_format: {type: 'json_object', schema: {type: 'object', properties: {a: {pattern: '^x'}}}}},
    'response_format.schema',
    /^response_format\.schema\.properties\.a\.pattern: is not supported/,
  ],
  [
    'a schema beside text',
    {response_format: {type: 'text', schema: city}},
    'response_format.schema',
    /is for the type json_object, not text/,
  ],
  [
    'a schema beside json_schema',
    {response_format: {type: 'json_schema', schema: city}},
    'response_format.schema',
    /is for the type json_object, not json_schema/,
  ],
  [
    'a json_schema beside json_object',
    {response_format: {type: 'json_object', json_schema: {name: 'x', schema: city}}},
    'response_format.json_schema',
    /is for the type json_schema, not json_object/,
  ],
]
for (const [what, body, param, message] of misplaced) {
  test(`${what} is refused`, async () => {
    const {status, error} = await post(body)
    assert.equal([status, error.param], [400, param])
    assert.match(error.message, message)
  })
}

const faults: [what: string, body: object, message: RegExp][] = [
  ['a grammar', {grammar: 'root ::= "a" (\n  "b"'}, /^grammar: expecting '\)' at line 2, column 6\./],
  ['a grammar that uses a missing rule', {grammar: 'root ::= missing'}, /^grammar: there is no rule named missing/],
  ['a grammar with bounds the wrong way round', {grammar: 'root ::= "a"{5,2}'}, /at least 5 and at most 2 times/],
  [
    'a schema that is nothing but itself',
    format({$ref: '#/$defs/a', $defs: {a: {anyOf: [{$ref: '#/$defs/b'}, {type: 'null'}]}, b: {$ref: '#/$defs/a'}}}),
    /schema\.\$defs\.a: refers to itself/,
  ],
]
const ambiguous = 'root ::= x{300}\nx ::= y{0,300}\ny ::= (. | . . | z){0,300}\nz ::= . . . y'
faults.push(
  ['a grammar that matches no text', {grammar: 'root ::= "a" root'}, /^grammar: there is no text that it matches/],
  ['a grammar that no token can begin', {grammar: 'root ::= <[5000]>'}, /^grammar: no token of the model can begin/],
  ['a grammar that is too ambiguous', {grammar: ambiguous, max_tokens: 500}, /^grammar: it is too ambiguous/],
  [
    'a schema with too many values',
    format({enum: Array.from({length: 50_001}, (_, at) => at)}),
    /more than 50000 values/,
  ],
)
for (const [what, body, message] of faults) {
  test(`${what} is refused with the reason and the place`, async () => {
    const {status, error} = await post(body)
    assert.is(status, 400)
    assert.match(error.message, message)
  })
}

test('an enumeration of 30,000 values is followed', async () => {
  const values = Array.from({length: 30_000}, (_, at) => `value ${at}`)
  const {status, text, finish} = await post(format({enum: values}))
  assert.equal([status, finish, values.includes(JSON.parse(text) as string)], [200, 'stop', true])
})

test('each rule an alternative of the next one twice: followed at once', async () => {
  const rules = Array.from({length: 30}, (_, at) => `r${at} ::= r${at + 1} | r${at + 1}\n`).join('')
  const {status, text} = await post({grammar: `root ::= r0\n${rules}r30 ::= "yes"`})
  assert.equal([status, text], [200, 'yes'])
})

test('a NUL in an enumeration is written as JSON writes it', async () => {
  const {status, text} = await post(format({enum: ['a\0b']}))
  assert.equal([status, JSON.parse(text)], [200, 'a\0b'])
})
