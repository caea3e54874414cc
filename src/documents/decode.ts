import {isUtf8} from 'node:buffer'
import {NnError} from '../errors.js'

/** An encoding that a byte order mark at the start of a text tells. */
interface Mark {
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be'
  /** Bytes of the mark. */
  length: number
}

/** Bytes of the longest mark. */
export const longestMark = 3

export function findMark([first, second, third]: Uint8Array): Mark | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return {encoding: 'utf-8', length: 3}
  if (first === 0xff && second === 0xfe) return {encoding: 'utf-16le', length: 2}
  return first === 0xfe && second === 0xff ? {encoding: 'utf-16be', length: 2} : undefined
}

/**
 * A text that a user gives, without its byte order mark: UTF-8, or UTF-16 with a mark, as Windows PowerShell writes it.
 * Other bytes would silently become other characters, so they are refused. `what` names the text in the message.
 * @throws `invalid_encoding`
 */
export function decodeText(bytes: Uint8Array, what: string): string {
  const {encoding, length} = findMark(bytes) ?? {encoding: 'utf-8', length: 0}
  refuseUnmarked(bytes, what)
  const text = encoding === 'utf-8' ? fromUtf8(bytes.subarray(length), what) : fromUtf16(bytes, encoding, what)
  const at = text.indexOf('\0')
  if (at < 0) return text
  throw new NnError('invalid_encoding', `${what} is not a text: character ${at + 1} is NUL.`, {hint: asUtf8})
}

/** @throws `invalid_encoding` for a text that starts like UTF-16 without a mark: it would be UTF-8 full of NULs. */
export function refuseUnmarked([first, second]: Uint8Array, what: string): void {
  if (first === undefined || second === undefined || (first === 0) === (second === 0)) return
  throw new NnError('invalid_encoding', `${what} looks like UTF-16 without a byte order mark.`, {hint: asUtf8})
}

/** @throws `invalid_encoding` */
export function notUtf16(what: string, cause: unknown): NnError {
  const message = `${what} starts with the byte order mark of UTF-16, but is not UTF-16.`
  return new NnError('invalid_encoding', message, {cause, hint: asUtf8})
}

const asUtf8 = 'Convert it to UTF-8.'

function fromUtf16(bytes: Uint8Array, encoding: Mark['encoding'], what: string): string {
  try {
    return new TextDecoder(encoding, {fatal: true}).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw notUtf16(what, error)
  }
}

function fromUtf8(bytes: Uint8Array, what: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return buffer.toString()
  throw notUtf8(buffer, what)
}

/** Bytes that are not UTF-8; their first line has this number in messages. */
export function notUtf8(buffer: Buffer, what: string, firstLine = 1): NnError {
  const {line, byte, before} = findInvalid(buffer)
  const place = before === '' ? 'at its start' : `after ${JSON.stringify(before)}`
  return new NnError(
    'invalid_encoding',
    `${what} is not UTF-8: line ${firstLine + line - 1} has the byte ${byte} ${place}.`,
    {
      hint: 'Convert it to UTF-8. From Latin-1: iconv -f latin1 -t utf-8',
    },
  )
}

/** How much of the line is shown before the byte, in UTF-16 units. */
const shownBefore = 30

/** The first byte that is not UTF-8, as `0xE9`. */
function findInvalid(buffer: Buffer): {line: number; byte: string; before: string} {
  let [line, start] = [1, 0]
  for (;;) {
    const end = buffer.indexOf(0x0a, start)
    const bytes = buffer.subarray(start, end < 0 ? buffer.length : end)
    if (!isUtf8(bytes)) return {line, ...invalidIn(bytes)}
    line += 1
    start = end + 1
  }
}

function invalidIn(line: Buffer): {byte: string; before: string} {
  const text = line.toString()
  // Goes on from where it was: a line may be long, and full of that character.
  let [from, offset] = [0, 0]
  for (;;) {
    const at = text.indexOf(replacement, from)
    offset += Buffer.byteLength(text.slice(from, at))
    // The line may have the character itself.
    if (line.subarray(offset, offset + replacementBytes.length).equals(replacementBytes)) {
      from = at + replacement.length
      offset += replacementBytes.length
      continue
    }
    const byte = (line[offset] ?? 0).toString(16).toUpperCase().padStart(2, '0')
    return {byte: `0x${byte}`, before: text.slice(Math.max(0, at - shownBefore), at)}
  }
}

/** Stands in decoded text for bytes that are not UTF-8. */
const replacement = '\uFFFD'
const replacementBytes = Buffer.from(replacement)
