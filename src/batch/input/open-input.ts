import {createHash} from 'node:crypto'
import {closeSync, createReadStream, openSync, statSync} from 'node:fs'
import path from 'node:path'
import type {Readable} from 'node:stream'
import {NnError, systemReason} from '../../errors.js'
import {readCsv} from './csv.js'
import {readJsonl, readPrompts} from './jsonl.js'
import {readList} from './list.js'
import type {InputRecord} from './record.js'
import {toUtf8} from './to-utf8.js'

/** Name of standard input on the command line. */
export const standardInput = '-'

/** An input that is read once. Disposing it stops reading, even while it waits for an item. */
export interface Input extends Disposable {
  records: AsyncIterable<InputRecord>
  /** Checksum of the bytes read so far; after the last record, of the whole input. */
  fingerprint: () => Fingerprint
}

export interface Fingerprint {
  bytes: number
  sha256: string
}

/**
 * Opens an input: CSV and lists of YAML or JSON by their extensions (`.csv`, `.yaml`, `.yml`, `.json`), prompts on the
 * lines of a `.txt`, anything else as lines of JSON. `delimiter` is for CSV. Reading throws `invalid_argument` for a file that cannot be read.
 */
export function openInput(name: string, delimiter?: string): Input {
  const stream: Readable = name === standardInput ? process.stdin : createReadStream(checkRegular(name))
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
      throw unreadable(name, error)
    }
  }
  return {
    records: readers[formOf(name)](toUtf8(chunks(), called(name)), name, delimiter),
    fingerprint: () => ({bytes, sha256: hash.copy().digest('hex')}),
    [Symbol.dispose]: () => void stream.destroy(),
  }
}

function called(name: string): string {
  return name === standardInput ? 'Standard input' : name
}

/** The format of an input, by its name. */
export function formOf(name: string): 'csv' | 'list' | 'prompts' | 'jsonl' {
  switch (path.extname(name).toLowerCase()) {
    case '.csv':
      return 'csv'
    case '.yaml':
    case '.yml':
    case '.json':
      return 'list'
    case '.txt':
      return 'prompts'
    default:
      return 'jsonl'
  }
}

const readers: Readonly<
  Record<
    ReturnType<typeof formOf>,
    (chunks: AsyncIterable<Buffer>, name: string, delimiter?: string) => AsyncIterable<InputRecord>
  >
> = {csv: readCsv, list: readList, prompts: readPrompts, jsonl: readJsonl}

/**
 * Checks that the input is there and can be read, which is quick, before anything else is checked.
 * @throws `invalid_argument`
 */
export function checkSource(name: string): void {
  if (name === standardInput) return
  checkRegular(name)
  try {
    closeSync(openSync(name, 'r'))
  } catch (error) {
    throw unreadable(name, error)
  }
}

/** An input is read twice, first to check it. @throws `invalid_argument` for a pipe or similar. */
function checkRegular(name: string): string {
  if (isRegular(name)) return name
  throw new NnError('invalid_argument', `${name} is not a regular file.`, {
    hint: 'Read a pipe as standard input: wnn batch - --output results.jsonl',
  })
}

/** A file that does not exist fails when it is read. @throws `invalid_argument` for one that may not be looked at */
function isRegular(name: string): boolean {
  try {
    return statSync(name, {throwIfNoEntry: false})?.isFile() !== false
  } catch (error) {
    throw unreadable(name, error)
  }
}

function unreadable(name: string, error: unknown): NnError {
  return new NnError('file_unusable', `${name} cannot be read: ${systemReason(error)}.`, {cause: error})
}
