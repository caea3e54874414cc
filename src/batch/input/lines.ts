import {isUtf8} from 'node:buffer'
import {badEncoding, maxRecordBytes, type Unusable} from './record.js'

export type Line = {line: number} & ({text: string} | Unusable)

const [newline, carriageReturn] = [0x0a, 0x0d]

/**
 * The non-blank lines of a UTF-8 text, numbered from 1. Lines end in LF, CRLF or CR, also mixed, the last one without a
 * line break. At most `maxBytes` of a line are kept.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxBytes = maxRecordBytes): AsyncGenerator<Line> {
  let line = 1
  let pieces: Buffer[] = []
  let length = 0
  const add = (piece: Buffer): void => {
    length += piece.length
    if (length > maxBytes) pieces = []
    else pieces.push(piece)
  }
  const finish = (): Line | undefined => {
    const found = readLine(line, Buffer.concat(pieces), length, maxBytes)
    line += 1
    pieces = []
    length = 0
    return found
  }
  let endsInReturn = false
  for await (const chunk of chunks) {
    let start = endsInReturn && isNewline(chunk[0]) ? 1 : 0
    for (const found of lineBreaks(chunk, start)) {
      add(chunk.subarray(start, found.start))
      start = found.end
      const text = finish()
      if (text !== undefined) yield text
    }
    add(chunk.subarray(start))
    endsInReturn = isReturn(chunk.at(-1))
  }
  const last = finish()
  if (last !== undefined) yield last
}

/** Line breaks: a CRLF is one, and so are CR and LF alone. A CRLF that two chunks share is for the caller to see. */
export function* lineBreaks(bytes: Buffer, from = 0): Generator<{start: number; end: number}> {
  let [feed, carriage] = [bytes.indexOf(newline, from), bytes.indexOf(carriageReturn, from)]
  while (feed >= 0 || carriage >= 0) {
    if (carriage < 0 || (feed >= 0 && feed < carriage)) {
      yield {start: feed, end: feed + 1}
      feed = bytes.indexOf(newline, feed + 1)
      continue
    }
    const isPair = feed === carriage + 1
    yield {start: carriage, end: carriage + (isPair ? 2 : 1)}
    if (isPair) feed = bytes.indexOf(newline, feed + 1)
    carriage = bytes.indexOf(carriageReturn, carriage + 1)
  }
}

export function isNewline(byte: number | undefined): boolean {
  return byte === newline
}

export function isReturn(byte: number | undefined): boolean {
  return byte === carriageReturn
}

function readLine(line: number, bytes: Buffer, length: number, maxBytes: number): Line | undefined {
  if (length > maxBytes) return {line, fault: `The line has ${length} bytes; at most ${maxBytes} are allowed.`}
  const text = decodeUtf8(bytes)?.trim()
  if (text === undefined) return {line, ...badEncoding(bytes, 'The line', line)}
  if (text.includes('\0')) return {line, fault: 'The line is not a text: it has a NUL character.'}
  return text === '' ? undefined : {line, text}
}

/** `undefined` for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined
}
