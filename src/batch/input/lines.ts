import {maxRecordBytes} from './record.js'

export type Line = {line: number} & ({text: string} | {fault: string})

export const newline = 0x0a
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * The non-blank lines of a UTF-8 text, numbered from 1. A line may end in CRLF, the last one without a line break; a
 * byte order mark is skipped. At most `maxBytes` of a line are kept.
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
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      add(chunk.subarray(start, end))
      start = end + 1
      const found = finish()
      if (found !== undefined) yield found
    }
    add(chunk.subarray(start))
  }
  const last = finish()
  if (last !== undefined) yield last
}

function readLine(line: number, bytes: Buffer, length: number, maxBytes: number): Line | undefined {
  if (length > maxBytes) return {line, fault: `The line has ${length} bytes; at most ${maxBytes} are allowed.`}
  const start = line === 1 && isMarked(bytes) ? 3 : 0
  try {
    const text = decodeUtf8(bytes.subarray(start)).trim()
    return text === '' ? undefined : {line, text}
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return {line, fault: 'The line is not UTF-8.'}
  }
}

/** Whether a text starts with a byte order mark. */
export function isMarked(bytes: Buffer): boolean {
  return bytes.subarray(0, 3).equals(byteOrderMark)
}

/** @throws `TypeError` for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})
