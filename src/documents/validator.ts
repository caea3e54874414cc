import {Ajv, type ErrorObject, type ValidateFunction} from 'ajv'
import {patternFault} from './pattern-syntax.js'

/** Checks a value; `errors` then holds what is wrong with it. A function that ajv compiled is one. */
export interface Validator {
  (value: unknown): boolean
  /** @internal */
  errors?: null | ErrorObject[]
}

export interface ValidatorOptions {
  /** Compiles the regular expressions of the schema. Defaults to JavaScript's, for schemas of our own. */
  patterns?: (source: string) => {test: (text: string) => boolean}
}

/** A larger value has only its first mistake reported: a million wrong values must not become a million errors. */
const mostValues = 100_000

/**
 * A validator with the options that every document is checked with. ajv is loaded, and the schema compiled, by the
 * first check: a command that checks nothing does not wait for it.
 */
export function createValidator(schema: object, options: ValidatorOptions = {}): Validator {
  let [all, first]: (ValidateFunction | undefined)[] = []
  const validator: Validator = (value) => {
    const compiled = isLarge(value)
      ? (first ??= compile(schema, {...options, allErrors: false}))
      : (all ??= compile(schema, {...options, allErrors: true}))
    const valid = compiled(value)
    validator.errors = compiled.errors ?? null
    return valid
  }
  return validator
}

/** Whether it has more than `mostValues` values; not more of them are looked at. */
function isLarge(value: unknown): boolean {
  const open = [value]
  for (let seen = 0; seen < open.length; seen++) {
    const inner = open[seen]
    if (typeof inner !== 'object' || inner === null) continue
    for (const each of Array.isArray(inner) ? (inner as unknown[]) : (Object.values(inner) as unknown[])) {
      if (open.push(each) > mostValues) return true
    }
  }
  return false
}

function compile(schema: object, {patterns, allErrors}: ValidatorOptions & {allErrors: boolean}): ValidateFunction {
  const ajv = new Ajv({
    allErrors,
    discriminator: true,
    // A union's own `required` names keys that only its branches declare.
    strictRequired: false,
    // `findFaults` says what is allowed from the schema that refused the value.
    verbose: true,
    // Our own schemas are checked by tests; compiling the meta-schema would cost every start.
    validateSchema: false,
    meta: false,
    formats: {regex: (text: string) => patternFault(text) === undefined},
    ...(patterns !== undefined && {code: {regExp: Object.assign(patterns, {code: 'patterns'})}}),
  })
  // For people, in the reference tables.
  ajv.addVocabulary(['unit', 'apiDefault'])
  return ajv.compile(schema)
}
