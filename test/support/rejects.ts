import {inspect} from 'node:util'
import * as assert from 'uvu/assert'
import {NnError, type ErrorCode} from '../../src/errors.js'

/** Asserts that the promise fails with an `NnError` of that code (and a message that matches), and gives the error. */
export async function rejects(promise: Promise<unknown>, code: ErrorCode, message?: RegExp): Promise<NnError> {
  const error = await thrownBy(promise)
  if (!(error instanceof NnError)) throw error
  assert.is(error.code, code, `expected ${code}, got ${error.code}: ${error.message}`)
  if (message !== undefined) assert.match(error.message, message)
  return error
}

/** What the promise was rejected with; fails when it was fulfilled. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (thrown) {
    return thrown
  }
  throw new Error(`Expected a rejection, got ${inspect(value)}.`)
}
