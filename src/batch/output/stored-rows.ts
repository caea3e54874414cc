import {closeSync, openSync, readSync} from 'node:fs'
import {NnError} from '../../errors.js'
import {LineSet} from './line-set.js'
import {readRow} from './row.js'

/** The rows of an output from earlier runs. */
export interface StoredRows {
  /** Items that need not be answered again. */
  done: LineSet
  /** Number of failure rows, and their items. */
  failed: number
  failures: LineSet
  /** Bytes of complete rows; the rest was not written completely. */
  bytes: number
}

export function noRows(): StoredRows {
  return {done: new LineSet(), failed: 0, failures: new LineSet(), bytes: 0}
}

/** Reads an output. @throws `invalid_argument` for a line that is not a row of a batch. */
export function scanRows(file: string): StoredRows {
  const stored = noRows()
  let number = 0
  for (const text of wholeLines(file)) {
    number += 1
    const row = readRow(text.toString())
    if (row === undefined) {
      throw new NnError('invalid_argument', `${file}:${number} is not a row of a batch.`, {
        hint: 'The file was changed, or a batch did not write it. Write to a new file, or start over with --overwrite.',
      })
    }
    stored.done.add(row.line)
    if (row.failed) {
      stored.failed += 1
      stored.failures.add(row.line)
    }
    stored.bytes += text.length + 1
  }
  return stored
}

/** The rows that did not fail, each with its line break. */
export function* rowsWithoutFailures(file: string): Generator<string> {
  for (const bytes of wholeLines(file)) {
    const text = bytes.toString()
    if (readRow(text)?.failed === false) yield `${text}\n`
  }
}

/** Lines that end in a line break, without it. */
function* wholeLines(file: string): Generator<Buffer> {
  const descriptor = openSync(file, 'r')
  try {
    const chunk = Buffer.alloc(256 * 1024)
    let pieces: Buffer[] = []
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      let start = 0
      for (let end = chunk.indexOf(0x0a); end >= 0 && end < read; end = chunk.indexOf(0x0a, start)) {
        yield Buffer.concat([...pieces, chunk.subarray(start, end)])
        pieces = []
        start = end + 1
      }
      // The buffer is reused.
      pieces.push(Buffer.from(chunk.subarray(start, read)))
    }
  } finally {
    closeSync(descriptor)
  }
}
