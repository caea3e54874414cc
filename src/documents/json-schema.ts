import {showValue} from './show-value.js'

/** The JSON Schema keywords that messages and tables are made from. */
export interface JsonSchema {
  type?: string
  /** A noun phrase for the values, where the other keywords would read badly. */
  title?: string
  description?: string
  default?: unknown
  const?: unknown
  enum?: readonly unknown[]
  not?: JsonSchema
  anyOf?: readonly JsonSchema[]
  oneOf?: readonly JsonSchema[]
  properties?: Readonly<Record<string, JsonSchema>>
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  multipleOf?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  format?: string
  /** A list of schemas is that of a tuple. */
  items?: JsonSchema | readonly JsonSchema[]
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  required?: readonly string[]
}

/** The values that a schema allows, as a noun phrase: `an integer from 16 to 1048576`. */
export function describeSchema(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title
  if (schema.const !== undefined) return showValue(schema.const)
  if (schema.enum !== undefined) return either(schema.enum.map(showValue))
  const branches = schema.anyOf ?? schema.oneOf
  if (branches !== undefined) return either([...new Set(branches.flatMap(choicesOf))])
  switch (schema.type ?? '') {
    case 'integer':
    case 'number':
      return [schema.type === 'integer' ? 'an integer' : 'a number', ...limits(schema)].join(' ')
    case 'string':
      return describeString(schema)
    case 'boolean':
      return either(choicesOf(schema))
    case 'array':
      return describeList(schema)
    case 'object':
      return `an object${needs(schema)}`
    case 'null':
      return 'null'
    default:
      return schema.required === undefined ? 'another value' : `an object${needs(schema)}`
  }
}

/** The values that tell the branches of a tagged union apart; none where the key is no tag. */
export function tagValues(schema: JsonSchema, tag: string): unknown[] {
  return (schema.oneOf ?? []).flatMap((branch) => branch.properties?.[tag]?.const ?? [])
}

function choicesOf(schema: JsonSchema): string[] {
  return schema.type === 'boolean' && schema.const === undefined ? ['true', 'false'] : [describeSchema(schema)]
}

function either(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`
}

function needs({required = []}: JsonSchema): string {
  return required.length === 0 ? '' : ` with ${required.map((key) => JSON.stringify(key)).join(' and ')}`
}

function limits({minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf}: JsonSchema): string[] {
  const bounds = [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(exclusiveMaximum === undefined ? [] : [`below ${exclusiveMaximum}`]),
  ].join(' and ')
  const range = minimum !== undefined && maximum !== undefined ? `from ${minimum} to ${maximum}` : bounds
  const parts = range === '' ? [] : [range.replace(/^at/, 'of at')]
  return multipleOf === undefined ? parts : [...parts, `in steps of ${multipleOf}`]
}

function describeList({items, minItems, maxItems, uniqueItems}: JsonSchema): string {
  const distinct = uniqueItems === true ? ' without duplicates' : ''
  if (Array.isArray(items)) return `a list of ${(items as JsonSchema[]).map(describeSchema).join(' and ')}`
  const each = describeSchema((items as JsonSchema | undefined) ?? {type: 'object'})
  // What lists of objects hold is too much for a sentence.
  const detail = items === undefined || isEmpty(items) || /object/.test(each) ? '' : `, each ${each}`
  return `a list${count(minItems, maxItems, 'item')}${distinct}${detail}`
}

/** Whether anything goes. */
function isEmpty(schema: object): boolean {
  return Object.keys(schema).length === 0
}

function describeString({minLength, maxLength, pattern, format, not}: JsonSchema): string {
  if (not !== undefined) return `a name other than ${describeSchema(not)}`
  if (format === 'regex') return 'a regular expression'
  const length = minLength === 1 && maxLength === undefined ? '' : count(minLength, maxLength, 'character')
  const noun = length === '' && minLength === 1 ? 'a non-empty string' : 'a string'
  return `${noun}${length}${pattern === undefined ? '' : ` that matches ${pattern}`}`
}

function count(minimum: number | undefined, maximum: number | undefined, what: string): string {
  const plural = (n: number): string => `${n} ${what}${n === 1 ? '' : 's'}`
  if (minimum !== undefined && maximum !== undefined) {
    return minimum === maximum ? ` of ${plural(minimum)}` : ` of ${minimum} to ${plural(maximum)}`
  }
  if (minimum !== undefined) return ` of at least ${plural(minimum)}`
  return maximum === undefined ? '' : ` of at most ${plural(maximum)}`
}
