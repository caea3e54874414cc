import {Type as TypeBox, type TSchema} from 'typebox'
import * as assert from 'uvu/assert'
import {Type} from '../../src/documents/type.js'
import {suite} from '../support/suite.js'

const test = suite('Type')

/** Every constructor at work, with the given implementation. */
const examples = (T: typeof Type): TSchema[] => [
  T.Unknown({default: 1}),
  T.Null(),
  T.Boolean({default: true}),
  T.Integer({minimum: 1}),
  T.Number({exclusiveMinimum: 0}),
  T.String({pattern: 'x'}),
  T.Literal('a'),
  T.Literal(2, {description: 'two'}),
  T.Enum(['a', 'b'], {default: 'a'}),
  T.Union([T.Integer(), T.Literal('auto')], {default: 'auto'}),
  T.Array(T.String(), {maxItems: 2}),
  T.Tuple([T.Integer(), T.Number()]),
  T.Record(T.String(), T.Number()),
  T.Object({a: T.String(), b: T.Optional(T.Integer({default: 1}))}, {additionalProperties: false}),
  T.Object({b: T.Optional(T.Null())}),
  T.Unsafe<'a'>({enum: ['a']}),
]

test('its constructors make what those of TypeBox make, marks included', () => {
  const theirs = examples(TypeBox)
  for (const [at, ours] of examples(Type).entries()) {
    assert.equal(JSON.stringify(ours), JSON.stringify(theirs[at]))
    assert.equal(Object.getOwnPropertyNames(ours).sort(), Object.getOwnPropertyNames(theirs[at]).sort())
  }
})

test('every constructor has an example', () => {
  const source = examples.toString()
  for (const name of Object.keys(Type)) assert.ok(source.includes(`T.${name}`), name)
})
