import {NnError} from '../../backend/errors.js'
import {DocumentError, parseText, showValue} from '../../documents/index.js'
import type {InputRecord} from './record.js'

/** Lists are documents that people write; what is larger belongs into lines of JSON. */
const maxBytes = 32 * 1024 ** 2

/** The items of a list in YAML or JSON, which is read as a whole. @throws `invalid_argument` for what is no list. */
export async function* readList(chunks: AsyncIterable<Buffer>, file: string): AsyncGenerator<InputRecord> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > maxBytes) {
      throw new NnError('invalid_argument', `${file} has more than ${maxBytes} bytes, too many for a list.`, {
        hint: 'Write one item in JSON on each line, into a file that ends in .jsonl.',
      })
    }
    pieces.push(chunk)
  }
  const {value} = parseText(decode(Buffer.concat(pieces), file), {file})
  if (!Array.isArray(value)) {
    throw new NnError('invalid_argument', `${file} must be a list of items; got ${showValue(value)}.`)
  }
  for (const [at, item] of (value as unknown[]).entries()) yield {line: at + 1, content: {value: item}}
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new DocumentError([{file, line: 0, column: 0, path: '', message: 'is not UTF-8', excerpt: ''}])
  }
}
