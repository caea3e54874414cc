import type {ModelSource} from './core.js'
import {executionTargets, graphEncodings, type Tensor} from './types.js'
import {NnError, type ErrorCode} from '../../errors.js'

/**
 * Argument checks at the boundary. JavaScript callers, sockets and guests can pass anything; a wrong argument is an
 * `invalid_argument`, never a crash.
 */
export function checkString(what: string, value: unknown): void {
  if (typeof value !== 'string')
    throw new NnError('invalid_argument', `The ${what} must be a string, not ${kindOf(value)}.`)
}

export function checkBuffer(value: unknown): void {
  if (value instanceof Uint8Array) return
  throw new NnError('invalid_argument', `The buffer must be a Uint8Array, not ${kindOf(value)}.`)
}

export function checkOneOf(
  what: string,
  value: unknown,
  allowed: readonly string[],
  code: ErrorCode = 'invalid_argument',
): void {
  if (typeof value === 'string' && allowed.includes(value)) return
  throw new NnError(
    code,
    `The ${what} ${typeof value === 'string' ? `"${value}"` : kindOf(value)} is not one of ${allowed.join(', ')}.`,
  )
}

export function checkBuilders(value: unknown): void {
  if (Array.isArray(value) && value.every((bytes) => bytes instanceof Uint8Array)) return
  throw new NnError('invalid_argument', 'The graph builders must be a list of byte arrays.')
}

export function checkTensor(value: unknown): asserts value is Tensor {
  const tensor = value as Partial<Tensor> | null | undefined
  if (
    typeof tensor === 'object' &&
    tensor !== null &&
    tensor.data instanceof Uint8Array &&
    Array.isArray(tensor.dimensions) &&
    tensor.dimensions.every((size) => typeof size === 'number')
  ) {
    return
  }
  throw new NnError('invalid_argument', 'A tensor needs dimensions (a list), type (a name) and data (a Uint8Array).')
}

export function checkObject(what: string, value: unknown): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new NnError('invalid_argument', `The ${what} must be an object, not ${kindOf(value)}.`)
}

export function checkList(what: string, value: unknown): asserts value is unknown[] {
  if (Array.isArray(value)) return
  throw new NnError('invalid_argument', `The ${what} must be a list, not ${kindOf(value)}.`)
}

/** Where a model comes from: a name, or bytes with their encoding and target. */
export function checkSource(source: ModelSource): void {
  checkObject('model source', source)
  if ('name' in source) {
    checkString('name', source.name)
    return
  }
  const {bytes, encoding, target} = source
  if (!((bytes as unknown) instanceof Uint8Array)) {
    throw new NnError('invalid_argument', 'A model source has a name (a string) or bytes (a Uint8Array).')
  }
  if (encoding !== undefined) checkOneOf('encoding', encoding, graphEncodings, 'invalid_encoding')
  if (target !== undefined) checkOneOf('target', target, executionTargets)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value
}
