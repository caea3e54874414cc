import * as assert from 'uvu/assert'
import {Ajv2020} from 'ajv/dist/2020.js'
import {NnError} from '../../../../../src/errors.js'
import {normalizeSchema} from '../../../../../src/backend/engine/child/sampling/json-schema.js'
import {askAfresh} from '../../../../support/fixtures.js'
import {rejects} from '../../../../support/rejects.js'
import {sharedBackend} from '../../../../support/shared-backend.js'
import {suite} from '../../../../support/suite.js'

const test = suite('JSON schemas', {timeoutMs: 20_000})
const opened = sharedBackend(test)

const tree = {
  type: 'object',
  properties: {
    name: {type: 'string', maxLength: 3},
    under: {type: 'array', items: {$ref: '#/$defs/tree'}, maxItems: 1},
  },
}
const followed: [what: string, schema: object | boolean][] = [
  ['an object with everything required', {type: 'object', properties: {a: {type: 'integer'}}, required: ['a']}],
  ['an object that may have anything', {type: 'object', maxProperties: 1}],
  [
    'an object that has to have something',
    {minProperties: 1, maxProperties: 1, additionalProperties: {type: 'boolean'}},
  ],
  ['an optional text, as Pydantic writes it', {title: 'T', anyOf: [{type: 'string', maxLength: 5}, {type: 'null'}]}],
  ['several types', {type: ['integer', 'null']}],
  ['several types, one with parts', {type: ['array', 'boolean'], items: {type: 'boolean'}, maxItems: 2}],
  ['anything', {}],
  ['true', true],
  ['a value', {const: {a: [1, 'x', []], b: {}}}],
  ['values of a type', {type: 'string', enum: ['yes', 'no', 3]}],
  ['a definition', {$ref: '#/definitions/word', definitions: {word: {enum: ['up', 'down']}}}],
  ['a definition that is in itself', {...tree, $defs: {tree}}],
  ['a single schema of all', {allOf: [{type: 'boolean'}]}],
  ['a date', {type: 'string', format: 'date'}],
  [
    'places of a list',
    {type: 'array', prefixItems: [{const: 1}, {type: 'boolean'}], items: {type: 'null'}, maxItems: 3},
  ],
  ['names with signs', {type: 'object', properties: {'a "b" \\ {c}': {const: true}}}],
  ['what says nothing about values', {type: 'boolean', description: 'd', examples: [3], deprecated: true, 'x-own': 1}],
]
for (const [what, schema] of followed) {
  test(`${what}: answers are right by another validator`, async () => {
    // Strict mode is about style: a keyword beside another one.
    const validate = new Ajv2020({strict: false, validateFormats: false}).compile(schema)
    const json_schema = schema === true ? {anyOf: [true]} : schema
    let [complete, last] = [0, '']
    for (let seed = 1; seed <= 10 && complete < 3; seed++) {
      const {text, metadata} = await askAfresh(opened(), 'Tell me.', {json_schema, seed, temp: 5, max_tokens: 120})
      last = text
      if (metadata.stop_reason === 'max_tokens') continue
      complete += 1
      assert.ok(validate(JSON.parse(text)), `${text}: ${JSON.stringify(validate.errors)}`)
    }
    assert.ok(complete > 0, `no answer came to its end: ${last}`)
  })
}

const refused: [schema: unknown, message: RegExp][] = [
  [false, /^s: must be a schema/],
  [{type: 'integer', minimum: 1}, /^s\.minimum: is not supported\.$/],
  [{type: 'object', properties: {a: {type: 'string', pattern: '^x'}}}, /^s\.properties\.a\.pattern: is not supported/],
  [{type: 'array', items: {not: {}}}, /^s\.items\.not: is not supported/],
  [{type: 'array', uniqueItems: true}, /^s\.uniqueItems: is not/],
  [{allOf: [{type: 'string'}, {maxLength: 3}]}, /^s\.allOf: is supported with one schema only/],
  [{anyOf: [{type: 'string'}], required: ['a']}, /^s\.required: is not supported together with anyOf/],
  [{$ref: '#/$defs/a', type: 'object', $defs: {a: {}}}, /^s\.type: is not supported together with \$ref/],
  [{$ref: '#/$defs/b', $defs: {a: {}}}, /^s\.\$ref: must name a definition .* got "#\/\$defs\/b"/],
  [{$ref: 'https://example.com/schema'}, /^s\.\$ref: must name/],
  [{$defs: {a: {type: 'word'}}}, /^s\.\$defs\.a\.type: must be one of object, .* got "word"/],
  [{$defs: []}, /^s\.\$defs: must be an object/],
  [{type: []}, /^s\.type: must be a list that is not empty/],
  [{enum: []}, /^s\.enum: must be a list that is not empty/],
  [{type: 'string', enum: [1]}, /^s\.enum: has no value of type "string"/],
  [{type: 'string', minLength: 5, maxLength: 4}, /^s\.maxLength: 4 is less than minLength, 5/],
  [{type: 'string', maxLength: -1}, /^s\.maxLength: must be an integer of at least 0; got -1/],
  [{type: 'string', maxLength: 1_000_001}, /^s\.maxLength: must be at most 1000000; got 1000001/],
  [{anyOf: [{type: 'array', minItems: 1e9}]}, /^s\.anyOf\[0\]\.minItems: must be at most 1000000/],
  [{$defs: {a: {oneOf: [{$ref: '#/$defs/b'}]}, b: {$ref: '#/$defs/a'}}}, /^s\.\$defs\.a: refers to itself without/],
  [{type: 'string', format: 'email'}, /^s\.format: must be one of date, time, date-time; got "email"/],
  [{type: 'string', format: 'date', maxLength: 3}, /only one of them/],
  [{type: 'array', minItems: 2, maxItems: 1}, /^s\.maxItems: 1 is less/],
  [{type: 'array', prefixItems: [true, true], maxItems: 1}, /^s\.maxItems: 1 is less than its 2 prefixItems/],
  [{type: 'object', properties: {a: true, b: true}, maxProperties: 1}, /1 is less than its 2 properties/],
  [{type: 'object', properties: {a: true}, minProperties: 2}, /2 is more than its 1 properties/],
  [{type: 'object', required: ['a']}, /^s\.required: "a" is not one of its properties/],
  [{type: 'object', properties: 3}, /^s\.properties: must be an object/],
]
for (const [schema, message] of refused) {
  test(`${JSON.stringify(schema)} is refused`, () => {
    assert.throws(
      () => normalizeSchema(schema, 's'),
      (error: unknown) => error instanceof NnError && error.code === 'invalid_argument' && message.test(error.message),
    )
  })
}

test('a definition that is nothing but itself is refused, and the engine goes on', async () => {
  const json_schema = {$ref: '#/$defs/a', $defs: {a: {$ref: '#/$defs/a'}}}
  await rejects(askAfresh(opened(), 'Hello!', {json_schema}), 'invalid_argument', /^json_schema\.\$defs\.a: refers to/)
  assert.is((await askAfresh(opened(), 'Hello!')).text, 'Hello! How can I help you?')
})
