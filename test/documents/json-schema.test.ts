import * as assert from 'uvu/assert'
import {describeSchema, showValue, Type, type TSchema} from '../../src/documents/index.js'
import {suite} from '../support/suite.js'

const test = suite('describeSchema')

const cases: [TSchema, string][] = [
  [Type.Integer(), 'an integer'],
  [Type.Integer({minimum: 1, maximum: 9}), 'an integer from 1 to 9'],
  [Type.Integer({minimum: 0}), 'an integer of at least 0'],
  [Type.Integer({multipleOf: 4}), 'an integer in steps of 4'],
  [Type.Number({exclusiveMinimum: 0, maximum: 1}), 'a number above 0 and at most 1'],
  [Type.Number({exclusiveMaximum: 1}), 'a number below 1'],
  [Type.Boolean(), 'true or false'],
  [Type.Null(), 'null'],
  [Type.Unknown(), 'another value'],
  [Type.Array(Type.Unknown(), {minItems: 1}), 'a list of at least 1 item'],
  [Type.Literal('a'), '"a"'],
  [Type.Enum(['a', 'b', 'c']), '"a", "b" or "c"'],
  [Type.Union([Type.Literal('auto'), Type.Boolean()]), '"auto", true or false'],
  [Type.String(), 'a string'],
  [Type.String({minLength: 1}), 'a non-empty string'],
  [Type.String({minLength: 2, maxLength: 3}), 'a string of 2 to 3 characters'],
  [Type.String({pattern: '^x'}), 'a string that matches ^x'],
  [Type.String({format: 'regex'}), 'a regular expression'],
  [Type.String({not: {enum: ['a', 'b']}}), 'a name other than "a" or "b"'],
  [Type.String({title: 'a duration such as 30s'}), 'a duration such as 30s'],
  [Type.Array(Type.Integer(), {maxItems: 3}), 'a list of at most 3 items, each an integer'],
  [Type.Array(Type.Object({}), {minItems: 1, uniqueItems: true}), 'a list of at least 1 item without duplicates'],
  [Type.Tuple([Type.Integer(), Type.String()]), 'a list of an integer and a string'],
  [Type.Object({a: Type.Null(), b: Type.Optional(Type.Null())}), 'an object with "a"'],
]
for (const [schema, phrase] of cases) test(phrase, () => assert.is(describeSchema(schema), phrase))

test('values are shown as JSON and cut when long', () => {
  assert.is(showValue('a'), '"a"')
  assert.is(showValue(Infinity), 'Infinity')
  assert.is(showValue(undefined), 'undefined')
  assert.is(showValue(10n), '10n')
  const circle: unknown[] = []
  circle.push(circle)
  assert.is(showValue(circle), `${'['.repeat(60)}…`)
  const broken = Object.defineProperty({}, 'a', {
    enumerable: true,
    get: () => {
      throw new Error('no')
    },
  })
  assert.is(showValue([broken]), '[(cannot be read: no)]')
  assert.is(showValue([undefined, Number.NaN, {a: undefined, b: 1}]), '[null,null,{"b":1}]')
  assert.is(showValue('x'.repeat(100)), `"${'x'.repeat(59)}…`)
})
