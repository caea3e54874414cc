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

/** Values with byte and float arrays in them, at any depth. */
export function encode(value: unknown): unknown {
  if (value instanceof Uint8Array) return encodeBytes(value)
  if (value instanceof Float32Array) {
    const {$bytes} = encodeBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    return {$floats: $bytes} satisfies WireFloats
  }
  if (Array.isArray(value)) return value.map(encode)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, encode(inner)]))
  return marks.some((mark) => Object.hasOwn(value, mark)) ? ({$object: fields} satisfies WireObject) : fields
}

export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode)
  if (typeof value !== 'object' || value === null) return value
  const {$bytes: bytes, $floats: floats} = value as Partial<WireBytes & WireFloats>
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'))
  if (typeof floats === 'string') return new Float32Array(new Uint8Array(Buffer.from(floats, 'base64')).buffer)
  const {$object: fields = value} = value as Partial<WireObject>
  return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, decode(inner)]))
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
