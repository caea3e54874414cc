import {NnError, systemReason} from '../errors.js'
import {readBounded} from '../system/read-file.js'
import {decodeText} from './decode.js'
import {DocumentError} from './problem.js'

/** Documents are written by hand; a larger file is something else. */
const maxBytes = 32 * 1024 ** 2

/**
 * The text of a file that is written by hand, in UTF-8 or marked UTF-16, without its mark.
 * @throws `DocumentError` for a file that cannot be read, `file_unusable` for one that is too large or a pipe that sends
 * nothing, `invalid_encoding` for one that is not a text.
 */
export function readDocument(file: string): string {
  try {
    return decodeText(readBounded(file, maxBytes), file)
  } catch (error) {
    if (error instanceof NnError) throw error
    const message = `cannot be read: ${systemReason(error)}`
    // A file that is not read has no lines.
    throw new DocumentError([{file, line: 0, column: 0, path: '', message, excerpt: ''}])
  }
}
