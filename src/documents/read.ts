import {readFileSync, statSync} from 'node:fs'
import {DocumentError} from './problem.js'

/** Documents are written by hand; a larger file is something else. */
const maxBytes = 32 * 1024 ** 2

/**
 * The text of a YAML or JSON file. Throws `DocumentError` for a file that cannot be read or is not a text file, before
 * a parser finds thousands of mistakes in it.
 */
export function readDocument(file: string): string {
  const refuse = (message: string): never => {
    // A file that is not read has no lines.
    throw new DocumentError([{file, line: 0, column: 0, path: '', message, excerpt: ''}])
  }
  try {
    const {size} = statSync(file)
    if (size > maxBytes) return refuse(`is too large: it has ${size} bytes, at most ${maxBytes} are allowed`)
    const text = readFileSync(file, 'utf8')
    return text.includes('\0') ? refuse('is not a text file') : text
  } catch (error) {
    if (error instanceof DocumentError) throw error
    return refuse(`cannot be read: ${(error as Error).message}`)
  }
}
