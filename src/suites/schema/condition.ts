import type {Static, TUnsafe} from 'typebox'
import {Type} from '../../documents/index.js'

const Variable = Type.String({pattern: '^\\$\\{[^}]+\\}$'})

/** A number, or a `${variable}` that holds one. */
export const NumberLike = Type.Union([Type.Number(), Variable], {
  title: 'a number or a ${variable}',
})

/** One of these values, or a `${variable}` that holds one; whether it does, the call that is given it checks. */
export function enumLike<Value extends string>(values: readonly Value[], options: object): TUnsafe<Value> {
  const title = `${values.map((value) => `"${value}"`).join(', ')} or a \${variable}`
  return Type.Unsafe<Value>({anyOf: [{enum: [...values]}, Variable], title, ...options})
}

export const Pattern = Type.String({
  format: 'regex',
  description: 'A regular expression in Unicode mode, without look-ahead, look-behind and back-references.',
})
const Texts = Type.Union([Type.String(), Type.Array(Type.String(), {minItems: 1})], {
  title: 'a string or a list of strings',
})
// The types of what is nested follow below: a schema's type cannot refer to itself.
const nested = Type.Unsafe<unknown>({$ref: '#/$defs/condition'})

/** What can be asked of a text as a whole. */
export const textOperators = {
  equals: Type.Optional(Type.String({description: 'Exactly this text.'})),
  not_equals: Type.Optional(Type.String({description: 'Any other text than this one.'})),
  contains: Type.Optional(Texts),
  not_contains: Type.Optional(Texts),
  matches: Type.Optional(Pattern),
  not_matches: Type.Optional(Pattern),
  starts_with: Type.Optional(Type.String({description: 'The text starts with this.'})),
  ends_with: Type.Optional(Type.String({description: 'The text ends with this.'})),
  min_length: Type.Optional(
    Type.Integer({minimum: 0, description: 'At least this many characters (or items of a list).'}),
  ),
  max_length: Type.Optional(
    Type.Integer({minimum: 0, description: 'At most this many characters (or items of a list).'}),
  ),
  json_schema: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'The value satisfies this JSON Schema. A text is parsed as JSON first.',
    }),
  ),
}

/** What can be asked of any value. */
export const operators = {
  ...textOperators,
  equals: Type.Optional(Type.Unknown({description: 'Exactly this value; objects and lists by content.'})),
  not_equals: Type.Optional(Type.Unknown({description: 'Any other value than this one.'})),
  contains: Type.Optional(
    Type.Unknown({
      description:
        'A text contains this text (or each text of a list); a list contains this item. An object needs to match only in the given fields.',
    }),
  ),
  not_contains: Type.Optional(
    Type.Unknown({description: 'The opposite of `contains`; for a list of texts: contains none of them.'}),
  ),
  min: Type.Optional(NumberLike),
  max: Type.Optional(NumberLike),
  near: Type.Optional(
    Type.Object(
      {value: NumberLike, percent: Type.Number({minimum: 0, description: 'The allowed difference.'})},
      {additionalProperties: false, description: 'About this number.'},
    ),
  ),
  one_of: Type.Optional(Type.Array(Type.Unknown(), {minItems: 1, description: 'One of these values.'})),
  exists: Type.Optional(Type.Boolean({description: 'Whether there is a value other than null.'})),
  every: Type.Optional(nested),
  some: Type.Optional(nested),
  fields: Type.Optional(Type.Record(Type.String(), nested, {description: 'Path in the value → the condition there.'})),
}

const operatorsObject = Type.Object(operators, {additionalProperties: false, minProperties: 1})

export interface Operators extends Omit<Static<typeof operatorsObject>, 'every' | 'some' | 'fields'> {
  every?: Condition
  some?: Condition
  fields?: Record<string, Condition>
}
export type Condition = string | number | boolean | null | unknown[] | Operators

/** The schema of `Condition`: an object is made of operators, any other value must be met exactly. */
export const conditionSchema = {
  description: 'An exact value, or an object of operators.',
  if: {type: 'object'},
  then: operatorsObject,
}

export const ConditionRef = Type.Unsafe<Condition>({$ref: '#/$defs/condition'})

/** Path → condition. */
export const Fields = Type.Record(Type.String(), ConditionRef)
