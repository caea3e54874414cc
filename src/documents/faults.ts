import type {ErrorObject} from 'ajv'
import {describeSchema, tagValues, type JsonSchema} from './json-schema.js'
import {patternFault} from './pattern-syntax.js'
import {showValue} from './show-value.js'
import {suggest} from './suggest.js'

/** One mistake in a value. */
export interface Fault {
  path: (string | number)[]
  /** Whether the value at the path is wrong, or the key that leads to it. */
  target: 'key' | 'value'
  message: string
  /** The values that would be right, as a noun phrase. */
  allowed?: string
  hint?: string
  /** The key that is absent from the object at the path. */
  missing?: string
  /** The key that an unknown one was probably meant to be. */
  meant?: string
}

/**
 * What a single error of ajv says about `root`; unions are for `explainErrors`.
 * @internal
 */
export function explainError(error: ErrorObject, root: unknown): Fault {
  const schema = error.parentSchema as JsonSchema
  const path = toPath(error.instancePath, root)
  const params = error.params as Record<string, unknown>
  // ajv names the property separately, because the key has no wrong value.
  if (error.propertyName !== undefined) {
    return wrongValue(
      [...path, error.propertyName],
      'key',
      error.propertyName,
      describeSchema({type: 'string', ...schema}),
    )
  }
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(path, String(params.additionalProperty), Object.keys(schema.properties ?? {}))
    case 'required':
      return missingKey(path, String(params.missingProperty), schema, error.data)
    case 'discriminator': {
      const tag = String(params.tag)
      const tags = tagValues(schema, tag)
      return wrongValue([...path, tag], 'value', params.tagValue, describeSchema({enum: tags}), tags)
    }
    case 'format': {
      const fault = schema.format === 'regex' ? patternFault(String(error.data)) : undefined
      const wrong = wrongValue(path, 'value', error.data, describeSchema(schema))
      return fault === undefined ? wrong : {...wrong, message: `${wrong.message}: ${fault}`}
    }
    case 'oneOf':
      return {path, target: 'value', message: `fits more than one of: ${describeSchema(schema)}`}
    default:
      return wrongValue(path, 'value', error.data, describeSchema(schema), schema.enum)
  }
}

/** The error for a value that does not match `allowed`. */
export function wrongValue(
  path: Fault['path'],
  target: Fault['target'],
  value: unknown,
  allowed: string,
  choices: readonly unknown[] = [],
): Fault {
  const names = choices.filter((choice) => typeof choice === 'string')
  const meant = typeof value === 'string' ? suggest(value, names) : undefined
  return {
    path,
    target,
    message: `must be ${allowed}; got ${showValue(value)}`,
    allowed,
    ...(meant !== undefined && {hint: `Did you mean "${meant}"?`}),
  }
}

/** The error for an undeclared key. */
export function unknownKey(path: Fault['path'], name: string, known: readonly string[]): Fault {
  const meant = suggest(name, known)
  return {
    path: [...path, name],
    target: 'key',
    message: `unknown key ${showValue(name)}`,
    ...(known.length > 0 && {allowed: known.join(', ')}),
    ...(meant !== undefined && {meant, hint: `Did you mean "${meant}"?`}),
  }
}

function missingKey(path: Fault['path'], name: string, schema: JsonSchema, data: unknown): Fault {
  const declared = schema.properties?.[name]
  const tags = tagValues(schema, name)
  const allowed =
    declared !== undefined ? describeSchema(declared) : tags.length > 0 ? describeSchema({enum: tags}) : undefined
  const meant = suggest(name, Object.keys(data ?? {}))
  return {
    path,
    target: 'value',
    missing: name,
    message: `"${name}" is missing${allowed === undefined ? '' : `; it is ${allowed}`}`,
    ...(allowed !== undefined && {allowed}),
    ...(meant !== undefined && {hint: `Did you mean "${name}" with "${meant}"?`}),
  }
}

/** The parts of a JSON pointer; positions in lists become numbers. */
function toPath(pointer: string, root: unknown): Fault['path'] {
  let value = root
  return pointer
    .split('/')
    .slice(1)
    .map((escaped) => {
      const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
      const part = Array.isArray(value) ? Number(name) : name
      value = (value as Record<string | number, unknown> | null | undefined)?.[part]
      return part
    })
}
