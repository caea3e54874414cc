import {readFileSync, statSync} from 'node:fs'
import {NnError, systemReason} from '../errors.js'
import {decodeText} from './decode.js'
import {DocumentError} from './problem.js'

/** Documents are written by hand; a larger file is something else. */
const maxBytes = 32 * 1024 ** 2

/**
 * The text of a file that is written by hand, in UTF-8 or marked UTF-16, without its mark.
 * @throws `DocumentError` for a file that cannot be read, `invalid_encoding` for one that is not a text.
 */
export function readDocument(file: string): string {
  const refuse = (message: string): never => {
    // A file that is not read has no lines.
    throw new DocumentError([{file, line: 0, column: 0, path: '', message, excerpt: ''}])
  }
  try {
    const {size} = statSync(file)
    if (size > maxBytes) return refuse(`is too large: it has ${size} bytes, at most ${maxBytes} are allowed`)
    return decodeText(readFileSync(file), file)
  } catch (error) {
    if (error instanceof NnError) throw error
    return refuse(`cannot be read: ${systemReason(error)}`)
  }
}
