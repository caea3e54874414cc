import {findMark, longestMark, notUtf16, refuseUnmarked} from '../../documents/index.js'

/**
 * The same text in UTF-8 without a byte order mark. UTF-16 is known by its mark; bytes without one pass through, so that
 * one line that is not UTF-8 is no concern of the others.
 * @throws `invalid_encoding` for UTF-16 that is broken or has no mark.
 */
export async function* toUtf8(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let start: Buffer = Buffer.alloc(0)
  let convert: Convert | undefined
  for await (const chunk of chunks) {
    let piece = chunk
    if (convert === undefined) {
      start = Buffer.concat([start, chunk])
      if (start.length < longestMark) continue
      convert = converter(start, name)
      piece = start
    }
    const text = convert(piece)
    // Of a chunk with half a character nothing is left.
    if (text.length > 0) yield text
  }
  // Without a conversion, the whole text is shorter than a mark.
  const last = convert ?? converter(start, name)
  const end = Buffer.concat([...(convert === undefined ? [last(start)] : []), last(undefined)])
  if (end.length > 0) yield end
}

/** Converts the next bytes; `undefined` stands for the end. */
type Convert = (bytes: Buffer | undefined) => Buffer

/** The conversion for a text that starts so. It expects that start first. */
function converter(start: Buffer, name: string): Convert {
  refuseUnmarked(start, name)
  const {encoding, length} = findMark(start) ?? {encoding: 'utf-8', length: 0}
  if (encoding === 'utf-8') {
    let rest = length
    return (bytes = Buffer.alloc(0)) => {
      const piece = bytes.subarray(rest)
      rest = 0
      return piece
    }
  }
  const decoder = new TextDecoder(encoding, {fatal: true})
  return (bytes) => {
    try {
      return Buffer.from(bytes === undefined ? decoder.decode() : decoder.decode(bytes, {stream: true}))
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw notUtf16(name, error)
    }
  }
}
