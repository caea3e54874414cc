import {isDeepStrictEqual} from 'node:util'
import type {ErrorObject} from 'ajv'
import {explainError, wrongValue, type Fault} from './faults.js'
import {describeSchema, type JsonSchema} from './json-schema.js'

/**
 * Converts ajv's errors for `root` to one error per mistake. ajv reports every branch of a union that does not match,
 * and the union itself: only the branch that was most likely meant is kept.
 */
export function explainErrors(errors: readonly ErrorObject[], root: unknown): Fault[] {
  return withoutEchoes(explainAll(errors, root))
}

function explainAll(errors: readonly ErrorObject[], root: unknown): Fault[] {
  const faults: Fault[] = []
  let rest = errors
  // The errors of the branches come before their union's: from the end, the outermost union is met first.
  for (let error = rest.at(-1); error !== undefined; error = rest.at(-1)) {
    const current = error
    rest = rest.slice(0, -1)
    if (isFailedUnion(current)) {
      faults.unshift(...explainUnion(current, rest, root))
      rest = rest.filter((other) => !isBelow(other, current.schemaPath, current.instancePath))
    } else if (!isConsequence(current, errors)) {
      faults.unshift(explainError(current, root))
    }
  }
  return faults
}

function isFailedUnion({keyword, params}: ErrorObject): boolean {
  return keyword === 'anyOf' || (keyword === 'oneOf' && (params as {passingSchemas: unknown}).passingSchemas === null)
}

function isBelow(error: ErrorObject, schemaPath: string, instancePath: string): boolean {
  return error.schemaPath.startsWith(`${schemaPath}/`) && isWithin(error.instancePath, instancePath)
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`)
}

/** Errors that another one, which says more, comes with. */
function isConsequence(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (error.keyword === 'propertyNames' || error.keyword === 'if') return true
  // A missing tag is refused by `required`, too.
  return (
    error.keyword === 'discriminator' &&
    errors.some(
      ({keyword, instancePath, params}) =>
        keyword === 'required' &&
        instancePath === error.instancePath &&
        (params as {missingProperty: string}).missingProperty === (error.params as {tag: string}).tag,
    )
  )
}

function explainUnion(union: ErrorObject, errors: readonly ErrorObject[], root: unknown): Fault[] {
  const whole = explainWhole(union, root)
  const branches = (union.schema as JsonSchema[])
    .map((_, at) => errors.filter((error) => isBelow(error, `${union.schemaPath}/${at}`, union.instancePath)))
    .filter((branch) => !branch.some((error) => isOtherKind(error, union.instancePath)))
    .map((branch) => explainAll(branch, root))
    .sort((a, b) => a.length - b.length)

  const [best, next] = branches
  if (best === undefined || (next !== undefined && next.length === best.length)) return [whole]
  // A number out of one branch's range may become right by any branch.
  const concernsTheValueItself = best.every(
    ({path, missing}) => path.length === whole.path.length && missing === undefined,
  )
  return concernsTheValueItself ? [whole] : best
}

function explainWhole(union: ErrorObject, root: unknown): Fault {
  const schema = union.parentSchema as JsonSchema
  const {path} = explainError(union, root)
  const choices = (schema.anyOf ?? schema.oneOf ?? []).flatMap((branch) => branch.enum ?? [branch.const])
  return wrongValue(path, 'value', union.data, describeSchema(schema), choices)
}

/** Whether the value is not at all what the branch is about: of another type, or with another tag. */
function isOtherKind({keyword, instancePath}: ErrorObject, at: string): boolean {
  const depth = instancePath.slice(at.length).split('/').length - 1
  return (depth === 0 && ['type', 'enum', 'const'].includes(keyword)) || (depth === 1 && keyword === 'const')
}

/** Keeps one error per place; a misspelt key is not reported as missing, too. */
function withoutEchoes(faults: readonly Fault[]): Fault[] {
  const same = (a: Fault, b: Fault): boolean =>
    a.target === b.target && a.missing === b.missing && isDeepStrictEqual(a.path, b.path)
  const isMisspelt = ({path, missing}: Fault): boolean =>
    missing !== undefined &&
    faults.some((other) => other.meant === missing && isDeepStrictEqual(other.path.slice(0, -1), path))
  return faults.filter((fault, at) => faults.findIndex((other) => same(other, fault)) === at && !isMisspelt(fault))
}
