import {Ajv, type ValidateFunction} from 'ajv'
import {findFaults, formatPath, type Static, type TSchema} from '../documents/index.js'
import {badRequest} from './api-error.js'
import {ignoredFields, type KnownFields} from './ignored-fields.js'

/** A request body that has been checked. */
export interface Checked<Body> {
  body: Body
  /** Paths of unknown fields, which have no effect. */
  ignored: string[]
}

/**
 * A check of request bodies. `null` is the same as leaving a field out; undeclared fields are ignored and reported.
 * `known` has the fields of values that the schema leaves open, as it would have them.
 *
 * It stops at the first mistake, unlike the check of documents: a list of a million wrong values must not become a
 * million errors.
 */
export function bodyCheck<Schema extends TSchema & {properties: object}>(
  schema: Schema,
  known: Readonly<Record<string, KnownFields>> = {},
): (body: unknown) => Checked<Static<Schema>> {
  let compiled: ValidateFunction | undefined
  const properties = {...(schema.properties as Record<string, KnownFields>), ...known}
  return (body) => {
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw badRequest('The body must be a JSON object.', undefined, 'invalid_type')
    compiled ??= compile(schema)
    const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
    const [fault] = findFaults(given, compiled)
    if (fault !== undefined) {
      const param = formatPath(fault.missing === undefined ? fault.path : [...fault.path, fault.missing])
      const unsupported = unsupportedBy(schema, fault.path[0])
      if (unsupported !== undefined) throw badRequest(`${param}: ${unsupported}`, param, 'unsupported_value')
      throw badRequest(`${param}: ${[fault.message, fault.hint].filter(Boolean).join('. ')}`, param)
    }
    return {body: given as Static<Schema>, ignored: ignoredFields(given, {properties})}
  }
}

/** The message for values that are valid in OpenAI's API but not supported here. */
function unsupportedBy({properties}: {properties: object}, field: string | number | undefined): string | undefined {
  const declared = (properties as Record<string, {unsupported?: string} | undefined>)[String(field)]
  return declared?.unsupported
}

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv({verbose: true, validateSchema: false, meta: false, strictTypes: false})
  ajv.addVocabulary(['unit', 'apiDefault', 'unsupported'])
  return ajv.compile(schema)
}

/** Names for a header. Names with other characters are left out, because they could break out of it. */
export function ignoredHeader(ignored: readonly string[]): string {
  return ignored
    .filter((name) => /^[\w.[\]-]{1,128}$/.test(name))
    .slice(0, 20)
    .join(', ')
}
