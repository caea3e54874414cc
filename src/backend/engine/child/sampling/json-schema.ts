import {NnError} from '../../../../errors.js'
import {mostRepetitions} from './gbnf/parse.js'

type Schema = Record<string, unknown>

/** Keywords that restrict values, but that the grammar cannot enforce. */
const unsupported = [
  ...['not', 'if', 'dependentSchemas', 'dependentRequired', 'dependencies', 'patternProperties'],
  ...['propertyNames', 'unevaluatedItems', 'unevaluatedProperties', 'contains', 'uniqueItems', 'additionalItems'],
  ...['multipleOf', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'pattern', '$dynamicRef'],
]
/** Keywords that restrict values. */
const assertions = [
  ...[
    'type',
    'properties',
    'required',
    'additionalProperties',
    'minProperties',
    'maxProperties',
    'items',
    'prefixItems',
  ],
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'format', '$ref', 'const', 'enum', 'anyOf', 'oneOf', 'allOf'],
]
/** Levels of objects and lists, because they are read recursively. */
const deepest = 64
/** Values in a schema, those of enumerations included. */
const mostValues = 50_000
const types = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const
const formats = ['date', 'time', 'date-time']

/** Any value: this object itself. */
export const anyValue: Schema = {
  oneOf: [
    ...(['string', 'number', 'boolean', 'null', 'array'] as const).map((type) => ({type})),
    {type: 'object', additionalProperties: true},
  ],
}

/**
 * A JSON schema (draft 2020-12) in the keywords that `schemaGrammar` knows, so that every answer satisfies the schema as
 * it was given: it may allow less than that does. Annotations and unknown keywords say nothing about values. Anything
 * that a grammar cannot hold is an error instead.
 *
 * @param name name of the schema in messages
 * @throws `invalid_argument` that names the place
 */
export function normalizeSchema(schema: unknown, name = 'json_schema'): Schema {
  checkSize(schema, name)
  const reader = new SchemaReader(schema, name)
  return reader.read(schema, name)
}

/**
 * Checks that a schema can be read soon, level by level: a recursive look at a deep value would overflow the stack.
 *
 * @throws `invalid_argument`
 */
export function checkSize(schema: unknown, name: string): void {
  let level: unknown[] = [schema]
  let values = 0
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length
    if (depth > deepest) throw wrong(name, `is nested more than ${deepest} levels deep`)
    if (values > mostValues) throw wrong(name, `has more than ${mostValues} values`)
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value as Schema) : [],
    )
  }
}

class SchemaReader {
  private readonly definitions = new Map<string, string>()

  constructor(root: unknown, name: string) {
    for (const key of ['$defs', 'definitions'] as const) {
      const given = isObject(root) ? root[key] : undefined
      if (given === undefined) continue
      if (!isObject(given)) throw wrong(`${name}.${key}`, 'must be an object')
      for (const definition of Object.keys(given)) this.definitions.set(`#/${key}/${definition}`, definition)
    }
  }

  /** Only the root may have definitions; elsewhere nothing could refer to them. */
  read(value: unknown, at: string): Schema {
    if (!isObject(value)) return this.one(value, at)
    const given = [value['$defs'], value['definitions']].filter(isObject)
    const entries = given.flatMap((definitions) => Object.entries(definitions))
    if (entries.length === 0) return this.one(value, at)
    const $defs = Object.fromEntries(entries.map(([key, one]) => [key, this.one(one, `${at}.$defs.${key}`)]))
    checkReferences($defs, at)
    return {...this.one(value, at), $defs}
  }

  private one(value: unknown, at: string): Schema {
    if (value === true) return anyValue
    if (!isObject(value)) throw wrong(at, 'must be a schema: an object, or true')
    for (const key of unsupported) {
      if (value[key] !== undefined && value[key] !== false) throw wrong(`${at}.${key}`, 'is not supported')
    }
    const whole = ['$ref', 'const', 'enum', 'anyOf', 'oneOf', 'allOf'].find((key) => value[key] !== undefined)
    if (whole === undefined) return this.typed(value, at)
    const isLiteral = whole === 'const' || whole === 'enum'
    const other = assertions.find((key) => key !== whole && value[key] !== undefined && !(isLiteral && key === 'type'))
    if (other !== undefined) throw wrong(`${at}.${other}`, `is not supported together with ${whole}`)
    const given = value[whole]
    if (whole === '$ref') return this.reference(given, `${at}.$ref`)
    if (isLiteral) return literal(whole === 'const' ? [given] : listOf(given, `${at}.enum`), value['type'], `${at}.${whole}`) // prettier-ignore
    const all = listOf(given, `${at}.${whole}`).map((one, place) => this.one(one, `${at}.${whole}[${place}]`))
    if (whole === 'allOf' && all.length > 1) throw wrong(`${at}.allOf`, 'is supported with one schema only')
    return eitherOf(all)
  }

  private reference(ref: unknown, at: string): Schema {
    const definition = this.definitions.get(String(ref))
    if (definition !== undefined) return {$ref: `#/$defs/${definition}`}
    throw wrong(at, `must name a definition of the schema, as #/$defs/name; got ${JSON.stringify(ref)}`)
  }

  private typed(schema: Schema, at: string): Schema {
    const given = schema['type'] ?? impliedType(schema)
    if (given === undefined) return anyValue
    const wanted = Array.isArray(given) ? listOf(given, `${at}.type`) : [given]
    const all = wanted.map((type) => this.ofType(type, schema, at))
    return eitherOf(all)
  }

  private ofType(type: unknown, schema: Schema, at: string): Schema {
    switch (type) {
      case 'object':
        return this.object(schema, at)
      case 'array':
        return this.array(schema, at)
      case 'string':
        return text(schema, at)
      case 'number':
      case 'integer':
      case 'boolean':
      case 'null':
        return {type}
      default:
        throw wrong(`${at}.type`, `must be one of ${types.join(', ')}; got ${JSON.stringify(type)}`)
    }
  }

  /** Properties are all written, in their order; others only where the schema says so, or names none at all. */
  private object(schema: Schema, at: string): Schema {
    const {properties = {}, required = [], additionalProperties: others} = schema
    if (!isObject(properties)) throw wrong(`${at}.properties`, 'must be an object')
    const names = Object.keys(properties)
    const additional =
      others === undefined ? names.length === 0 : typeof others === 'boolean' ? others : this.one(others, `${at}.additionalProperties`) // prettier-ignore
    if (!Array.isArray(required)) throw wrong(`${at}.required`, 'must be a list')
    const missing = (required as unknown[]).find((key) => !names.includes(String(key)))
    if (missing !== undefined) throw wrong(`${at}.required`, `${JSON.stringify(missing)} is not one of its properties`)
    const [minProperties, maxProperties] = range(schema, ['minProperties', 'maxProperties'], at)
    if (maxProperties !== undefined && maxProperties < names.length)
      throw wrong(`${at}.maxProperties`, `${maxProperties} is less than its ${names.length} properties`)
    if (additional === false && (minProperties ?? 0) > names.length)
      throw wrong(`${at}.minProperties`, `${minProperties} is more than its ${names.length} properties`)
    const read = names.map((key) => [key, this.one(properties[key], `${at}.properties.${key}`)])
    return defined({
      ...{type: 'object', properties: Object.fromEntries(read) as Schema, additionalProperties: additional},
      ...{minProperties, maxProperties},
    })
  }

  private array(schema: Schema, at: string): Schema {
    const {items, prefixItems} = schema
    const [minItems, maxItems] = range(schema, ['minItems', 'maxItems'], at)
    const prefix = prefixItems === undefined ? undefined : listOf(prefixItems, `${at}.prefixItems`)
    if (prefix !== undefined && maxItems !== undefined && maxItems < prefix.length)
      throw wrong(`${at}.maxItems`, `${maxItems} is less than its ${prefix.length} prefixItems`)
    return defined({
      ...{type: 'array', minItems, maxItems},
      items: items === undefined ? undefined : this.one(items, `${at}.items`),
      prefixItems: prefix?.map((one, place) => this.one(one, `${at}.prefixItems[${place}]`)),
    })
  }
}

/** A definition that is nothing but itself, directly or through others, has no value. */
function checkReferences(definitions: Record<string, Schema>, at: string): void {
  const referred = ({$ref, oneOf}: Schema): string[] => {
    if (typeof $ref === 'string') return [$ref.slice('#/$defs/'.length)]
    return Array.isArray(oneOf) ? (oneOf as Schema[]).flatMap(referred) : []
  }
  const done = new Set<string>()
  for (const start of Object.keys(definitions)) {
    const path = [{name: start, rest: referred(definitions[start] ?? {})}]
    const open = new Set([start])
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = last.rest.pop()
      if (next === undefined) {
        path.pop()
        open.delete(last.name)
        done.add(last.name)
      } else if (open.has(next)) {
        throw wrong(`${at}.$defs.${next}`, 'refers to itself without an object or a list in between')
      } else if (!done.has(next)) {
        open.add(next)
        path.push({name: next, rest: referred(definitions[next] ?? {})})
      }
    }
  }
}

function literal(values: unknown[], type: unknown, at: string): Schema {
  const wanted = type === undefined || Array.isArray(type) ? (type as unknown[] | undefined) : [type]
  const fitting = values.filter((value) => wanted === undefined || wanted.some((one) => isOf(value, one)))
  if (fitting.length === 0) throw wrong(at, `has no value of type ${JSON.stringify(type)}`)
  return eitherOf(fitting.map(exactly))
}

/** A value as schemas of its parts, which may have white space between them. */
function exactly(value: unknown): Schema {
  if (Array.isArray(value)) return {type: 'array', prefixItems: value.map(exactly), maxItems: value.length}
  if (!isObject(value)) return {const: value}
  const properties = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, exactly(one)]))
  return {type: 'object', properties, additionalProperties: false}
}

function eitherOf(all: Schema[]): Schema {
  return all.length === 1 && all[0] !== undefined ? all[0] : {oneOf: all}
}

function isOf(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

function text(schema: Schema, at: string): Schema {
  const {format} = schema
  const [minLength, maxLength] = range(schema, ['minLength', 'maxLength'], at)
  if (format === undefined) return defined({type: 'string', minLength, maxLength})
  if (minLength !== undefined || maxLength !== undefined) throw wrong(at, 'has a format and a length; only one of them is supported') // prettier-ignore
  if (formats.some((known) => known === format)) return {type: 'string', format}
  throw wrong(`${at}.format`, `must be one of ${formats.join(', ')}; got ${JSON.stringify(format)}`)
}

/**
 * The type that a schema without a type implies. Strictly it would allow other types as well, which is never intended.
 */
function impliedType(schema: Schema): (typeof types)[number] | undefined {
  const has = (...keys: string[]): boolean => keys.some((key) => schema[key] !== undefined)
  if (has('properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties')) return 'object'
  if (has('items', 'prefixItems', 'minItems', 'maxItems')) return 'array'
  return has('minLength', 'maxLength', 'format') ? 'string' : undefined
}

function range(
  schema: Schema,
  [least, most]: readonly [string, string],
  at: string,
): [low: number | undefined, high: number | undefined] {
  const [low, high] = [least, most].map((key) => {
    const value = schema[key]
    if (value === undefined) return undefined
    if (!Number.isSafeInteger(value) || Number(value) < 0)
      throw wrong(`${at}.${key}`, `must be an integer of at least 0; got ${JSON.stringify(value)}`)
    if (Number(value) <= mostRepetitions) return Number(value)
    throw wrong(`${at}.${key}`, `must be at most ${mostRepetitions}; got ${JSON.stringify(value)}`)
  })
  if (low !== undefined && high !== undefined && high < low)
    throw wrong(`${at}.${most}`, `${high} is less than ${least}, ${low}`)
  return [low, high]
}

function listOf(value: unknown, at: string): unknown[] {
  if (Array.isArray(value) && value.length > 0) return value as unknown[]
  throw wrong(at, 'must be a list that is not empty')
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function defined(schema: Schema): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined))
}

function wrong(at: string, what: string): NnError {
  return new NnError('invalid_argument', `${at}: ${what}.`, {
    hint: 'docs/reference/http.md lists what a JSON schema may contain.',
  })
}
