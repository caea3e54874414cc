import type {Type as TypeBox} from 'typebox'
export type {Static, TSchema} from 'typebox'

/**
 * The TypeBox constructors that schemas here are written with, under TypeBox's own types.
 *
 * TypeBox's own bring 160 KB into the bundle, and 5 to 10 ms to the start of every command that reads a document and of
 * every engine. These make the same objects, which a test compares with TypeBox's.
 */
export const Type = {
  Unknown: (options?: Options) => make('Unknown', {}, options),
  Null: (options?: Options) => make('Null', {type: 'null'}, options),
  Boolean: (options?: Options) => make('Boolean', {type: 'boolean'}, options),
  Integer: (options?: Options) => make('Integer', {type: 'integer'}, options),
  Number: (options?: Options) => make('Number', {type: 'number'}, options),
  String: (options?: Options) => make('String', {type: 'string'}, options),
  Literal: (value: unknown, options?: Options) => make('Literal', {type: typeof value, const: value}, options),
  Enum: (values: unknown, options?: Options) => make('Enum', {enum: values}, options),
  Union: (anyOf: unknown, options?: Options) => make('Union', {anyOf}, options),
  Array: (items: unknown, options?: Options) => make('Array', {type: 'array', items}, options),
  Tuple: (items: unknown[], options?: Options) =>
    make('Tuple', {type: 'array', additionalItems: false, items, minItems: items.length}, options),
  Record: (_key: unknown, value: unknown, options?: Options) =>
    make('Record', {type: 'object', patternProperties: {'^.*$': value}}, options),
  Object: (properties: Record<string, object>, options?: Options) => {
    const required = Object.keys(properties).filter((key) => !('~optional' in (properties[key] ?? {})))
    return make('Object', {type: 'object', ...(required.length > 0 && {required}), properties}, options)
  },
  /** Marks a key of an object that may be left out. */
  Optional: (schema: object) => hide(clone(schema), '~optional', true),
  /** A schema written by hand, with the TypeScript type that it stands for. */
  Unsafe: (schema: object) => hide(clone(schema), '~unsafe', null),
} as unknown as Constructors

type Options = Record<string, unknown>

type Constructors = Pick<
  typeof TypeBox,
  | 'Unknown'
  | 'Null'
  | 'Boolean'
  | 'Integer'
  | 'Number'
  | 'String'
  | 'Literal'
  | 'Enum'
  | 'Union'
  | 'Array'
  | 'Tuple'
  | 'Record'
  | 'Object'
  | 'Optional'
  | 'Unsafe'
>

function make(kind: string, keywords: object, options: Options | undefined): object {
  return hide({...keywords, ...options}, '~kind', kind)
}

function clone(schema: object): object {
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema))
}

/** TypeBox's marks are not enumerable: they are no part of the JSON Schema. */
function hide(schema: object, mark: string, value: unknown): object {
  return Object.defineProperty(schema, mark, {value, writable: true, configurable: true, enumerable: false})
}
