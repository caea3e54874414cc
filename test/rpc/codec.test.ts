import * as assert from 'uvu/assert'
import {fromWire, NnError, toWire, type WireError} from '../../src/errors.js'
import {decode, encode} from '../../src/rpc/codec.js'
import {deep, unwritable} from '../support/odd-values.js'
import {suite} from '../support/suite.js'

const test = suite('values on the wire')
const fails = (error: unknown): boolean => error instanceof Error && /nested|JSON|^no$/.test(error.message)
const sent = (value: unknown): unknown => decode(JSON.parse(JSON.stringify(encode(value))))

test('bytes and floats come as they are, at any depth', () => {
  const value = {bytes: Uint8Array.of(0, 255), list: [{floats: Float32Array.of(0.5, -2)}], text: 'é', none: null}
  assert.equal(sent(value), value)
})

test('objects of the caller with the same keys stay objects', () => {
  const value = {const: {$bytes: 'QUJD'}, other: {$object: {$floats: 'x', inner: {$bytes: 1}}}}
  assert.equal(sent(value), value)
})

for (const {what, value} of [...deep, ...unwritable].filter((each) => !/100|any length|101/.test(each.what))) {
  test(`${what} is an argument that cannot be sent, and nothing that can be received`, () => {
    assert.throws(() => encode({a: value()}), fails)
  })
}

test('a text of another program that is nested deeply is rejected', () => {
  const {json = ''} = deep[0] ?? {}
  assert.throws(() => decode(JSON.parse(json)), /nested more than 300 levels deep/)
  assert.throws(() => decode(JSON.parse(`{"$object": ${json}}`)), /nested more than 300 levels deep/)
})

test('an error comes with its reason, and one of another version with its code', () => {
  const error = new NnError('queue_full', 'full', {hint: 'wait'})
  const {reason, code, hint, canRetry} = fromWire(toWire(error))
  assert.equal([reason, code, hint, canRetry], ['queue_full', 'runtime_error', 'wait', true])
  const older = {code: 'model_not_found', message: 'gone'} as WireError
  assert.equal([fromWire(older).reason, fromWire(older).exitCode], ['model_not_found', 2])
  const newer = {code: 'timeout', reason: 'not_known_here', message: 'late'} as unknown as WireError
  assert.is(fromWire(newer).reason, 'timeout')
})
