import {NnError} from '../../errors.js'
import {decodeText, parseText, showValue, type ParsedDocument} from '../../documents/index.js'
import type {InputRecord} from './record.js'

/** Lists are written by hand; larger inputs should be JSON lines. */
const maxBytes = 32 * 1024 ** 2

/** The items of a YAML or JSON list, which is read as a whole. @throws `invalid_argument` if it is not a list. */
export async function* readList(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<InputRecord> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > maxBytes) {
      throw new NnError('invalid_argument', `${file} has more than ${maxBytes} bytes, which is too large for a list.`, {
        hint: 'Write one JSON item per line into a file that ends in .jsonl.',
      })
    }
    pieces.push(chunk)
  }
  const text = decodeText(Buffer.concat(pieces), file)
  const {value, written} = parseList(text, file)
  // The value of an empty document.
  if (value === null) return
  if (!Array.isArray(value)) {
    if (isLines(text)) throw linesOfJson(file)
    throw new NnError('invalid_argument', `${file} must be a list of items; got ${showValue(value)}.`)
  }
  for (const [at, item] of (value as unknown[]).entries()) {
    yield {line: at + 1, content: {value: item, written: (path) => written([at, ...path])}}
  }
}

function parseList(text: string, file: string): ParsedDocument {
  try {
    // One item that is too large is an error row, and not the end of the batch.
    return parseText(text, {file, bounded: false})
  } catch (error) {
    throw isLines(text) ? linesOfJson(file, error) : error
  }
}

/** Whether its first line alone is an item. */
function isLines(text: string): boolean {
  const [line = ''] = /\S[^\n]*/.exec(text) ?? []
  try {
    return line.startsWith('{') && typeof JSON.parse(line) === 'object'
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return false
  }
}

function linesOfJson(file: string, cause?: unknown): NnError {
  return new NnError('invalid_argument', `${file} must be a list of items, but its lines look like JSON items.`, {
    ...{cause, hint: 'Rename it so that it ends in .jsonl.'},
  })
}
