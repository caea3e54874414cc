import {bounds} from '../documents/bounds.js'
import {NnError} from '../errors.js'

/** Byte arrays in JSON: `{"$bytes": "<base64>"}`. */
interface WireBytes {
  $bytes: string
}

/** Numbers of 32 bits, as `{"$floats": "<base64>"}`: little-endian, as the machines that this runs on have them. */
interface WireFloats {
  $floats: string
}

/** An object of the caller's that has such a key itself, as `{"$object": {…}}`. */
interface WireObject {
  $object: object
}

const marks = ['$bytes', '$floats', '$object']

/** The arguments of a call as JSON values; `undefined` becomes `null`. */
export function encodeArguments(args: readonly unknown[], {options}: {options?: number}): unknown[] {
  return args.map((arg, index) => (index === options ? encodeOptions(arg) : encode(arg)))
}

/** What `encodeArguments` made, as values again; `null` is `undefined`. */
export function decodeArguments(args: readonly unknown[]): unknown[] {
  return args.map((arg) => (arg === null ? undefined : decode(arg)))
}

function encodeBytes(bytes: Uint8Array): WireBytes {
  return {$bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}
}

/** More levels than any argument has: each of its own may come with a `$object` around it. */
const mostLevels = 3 * bounds.levels

/** A value that contains itself has no end either. */
function checkLevel(level: number): void {
  if (level <= mostLevels) return
  throw new NnError('invalid_argument', `A value is nested more than ${mostLevels} levels deep, or contains itself.`)
}

/** Values with byte and float arrays in them. @throws `invalid_argument` for one that is nested too deeply or has no JSON. */
export function encode(value: unknown, level = 0): unknown {
  checkLevel(level)
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    throw new NnError('invalid_argument', `A value must be JSON; got a ${typeof value}.`)
  if (value instanceof Uint8Array) return encodeBytes(value)
  if (value instanceof Float32Array) {
    const {$bytes} = encodeBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    return {$floats: $bytes} satisfies WireFloats
  }
  if (Array.isArray(value)) return value.map((item) => encode(item, level + 1))
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, encode(inner, level + 1)]))
  return marks.some((mark) => Object.hasOwn(value, mark)) ? ({$object: fields} satisfies WireObject) : fields
}

/** What `encode` made, as a value again. @throws `invalid_argument` for one that is nested too deeply. */
export function decode(value: unknown, level = 0): unknown {
  checkLevel(level)
  if (Array.isArray(value)) return value.map((item) => decode(item, level + 1))
  if (typeof value !== 'object' || value === null) return value
  const {$bytes: bytes, $floats: floats} = value as Partial<WireBytes & WireFloats>
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'))
  if (typeof floats === 'string') return new Float32Array(new Uint8Array(Buffer.from(floats, 'base64')).buffer)
  const {$object: fields = value} = value as Partial<WireObject>
  return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, decode(inner, level + 1)]))
}

/** Functions become `true`, which tells the other side to send these events. The signal is not sent. */
function encodeOptions(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options
  return Object.fromEntries(
    Object.entries(options)
      .filter(([key]) => key !== 'signal')
      .map(([key, value]) => [key, typeof value === 'function' ? true : encode(value)]),
  )
}
