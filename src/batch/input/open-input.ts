import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import path from 'node:path'
import type {Readable} from 'node:stream'
import {NnError} from '../../backend/errors.js'
import {readCsv} from './csv.js'
import {readJsonl, readPrompts} from './jsonl.js'
import {readList} from './list.js'
import type {InputRecord} from './record.js'

/** As what standard input is named on the command line. */
export const standardInput = '-'

/** An input that is read once. Disposing it ends the reading, also of an item that is still to come. */
export interface Input extends Disposable {
  records: AsyncIterable<InputRecord>
  /** Of all bytes read so far: after the last record, of the whole input. */
  fingerprint: () => Fingerprint
}

export interface Fingerprint {
  bytes: number
  sha256: string
}

/**
 * Opens an input: CSV and lists of YAML or JSON by their extensions (`.csv`, `.yaml`, `.yml`, `.json`), prompts on the
 * lines of a `.txt`, anything else as lines of JSON. Reading throws `invalid_argument` for a file that cannot be read.
 */
export function openInput(name: string): Input {
  const stream: Readable = name === standardInput ? process.stdin : createReadStream(name)
  const hash = createHash('sha256')
  let bytes = 0
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        hash.update(chunk)
        bytes += chunk.length
        yield chunk
      }
    } catch (error) {
      throw new NnError('invalid_argument', `${name} cannot be read: ${(error as Error).message}`, {cause: error})
    }
  }
  return {
    records: readRecords(chunks(), name),
    fingerprint: () => ({bytes, sha256: hash.copy().digest('hex')}),
    [Symbol.dispose]: () => void stream.destroy(),
  }
}

function readRecords(chunks: AsyncIterable<Buffer>, name: string): AsyncIterable<InputRecord> {
  switch (path.extname(name).toLowerCase()) {
    case '.csv':
      return readCsv(chunks)
    case '.yaml':
    case '.yml':
    case '.json':
      return readList(chunks, name)
    case '.txt':
      return readPrompts(chunks)
    default:
      return readJsonl(chunks)
  }
}
