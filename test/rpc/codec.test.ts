import * as assert from 'uvu/assert'
import {fromWire, NnError, toWire, type WireError} from '../../src/errors.js'
import {decode, encode} from '../../src/rpc/codec.js'
import {suite} from '../support/suite.js'

const test = suite('values on the wire')
const sent = (value: unknown): unknown => decode(JSON.parse(JSON.stringify(encode(value))))

test('bytes and floats come as they are, at any depth', () => {
  const value = {bytes: Uint8Array.of(0, 255), list: [{floats: Float32Array.of(0.5, -2)}], text: 'é', none: null}
  assert.equal(sent(value), value)
})

test('objects of the caller with the same keys stay objects', () => {
  const value = {const: {$bytes: 'QUJD'}, other: {$object: {$floats: 'x', inner: {$bytes: 1}}}}
  assert.equal(sent(value), value)
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
