import {Ajv, type ErrorObject, type ValidateFunction} from 'ajv'

/** Checks a value; `errors` then holds what is wrong with it. A function that ajv compiled is one. */
export interface Validator {
  (value: unknown): boolean
  /** @internal */
  errors?: null | ErrorObject[]
}

/**
 * A validator with the options that every document is checked with. ajv is loaded, and the schema compiled, by the
 * first check: a command that checks nothing does not wait for it.
 */
export function createValidator(schema: object): Validator {
  let compiled: ValidateFunction | undefined
  const validator: Validator = (value) => {
    compiled ??= compile(schema)
    const valid = compiled(value)
    validator.errors = compiled.errors ?? null
    return valid
  }
  return validator
}

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    discriminator: true,
    // A union's own `required` names keys that only its branches declare.
    strictRequired: false,
    // `findFaults` says what is allowed from the schema that refused the value.
    verbose: true,
    // Our own schemas are checked by tests; compiling the meta-schema would cost every start.
    validateSchema: false,
    meta: false,
    formats: {regex: isPattern},
  })
  // For people, in the reference tables.
  ajv.addVocabulary(['unit'])
  return ajv.compile(schema)
}

/** Whether the text is a regular expression in unicode mode, the only mode in which patterns run here. */
function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
