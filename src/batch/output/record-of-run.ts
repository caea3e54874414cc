import {readFileSync} from 'node:fs'
import {isDeepStrictEqual} from 'node:util'
import {createFile} from '../../system/append-file.js'
import {NnError, systemReason} from '../../errors.js'
import {showValue} from '../../documents/index.js'
import type {Fingerprint} from '../input/open-input.js'

/** Everything that the answers in an output depend on; written next to it before its first row. */
export interface RunRecord {
  version: 1
  /** Checksum of the whole input; `null` for standard input, which cannot be read twice. */
  input: Fingerprint | null
  /** Everything else that decides the answers, by name. */
  settings: Readonly<Record<string, unknown>>
  /** Whether every item of the input has a row. Written last. */
  complete: boolean
  /** Why rows may not match the record: such an output cannot be resumed. */
  doubt?: string
}

/** Path of the record of an output. */
export function recordPath(output: string): string {
  return `${output}.meta.json`
}

/** Writes it atomically. @throws system errors. */
export function writeRecord(output: string, record: RunRecord): void {
  createFile(recordPath(output), `${JSON.stringify(record, null, 2)}\n`)
}

/** @throws `invalid_argument` if it does not exist or cannot be read. */
export function readRecord(output: string): RunRecord {
  const file = recordPath(output)
  const refuse = (why: string, cause: unknown): NnError =>
    new NnError('invalid_argument', `${output} cannot be resumed: its record ${file} ${why}.`, {
      ...{cause, hint: 'Write to a new file, or start over with --overwrite.'},
    })
  let record: Partial<Record<keyof RunRecord, unknown>> | null
  try {
    record = JSON.parse(readFileSync(file, 'utf8')) as typeof record
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse('is damaged', error)
    throw refuse(`cannot be read: ${systemReason(error)}`, error)
  }
  if (record?.version !== 1 || typeof record.settings !== 'object' || record.settings === null)
    throw refuse('has another version', undefined)
  if (record.doubt !== undefined) throw refuse(`says that rows may be wrong: ${showValue(record.doubt)}`, undefined)
  return record as RunRecord
}

/** @throws `invalid_argument` with the changes since the output was started. */
export function checkUnchanged(output: string, before: RunRecord, now: Pick<RunRecord, 'input' | 'settings'>): void {
  const changes = [
    ...(before.input?.sha256 === now.input?.sha256 ? [] : ['the contents of the input changed']),
    ...[...new Set([...Object.keys(before.settings), ...Object.keys(now.settings)])].flatMap((name) => {
      const [was, is] = [before.settings[name] ?? null, now.settings[name] ?? null]
      return isDeepStrictEqual(was, is) ? [] : [`${name} was ${showValue(was)} and is ${showValue(is)}`]
    }),
  ]
  if (changes.length === 0) return
  throw new NnError('invalid_argument', `${output} cannot be resumed: ${changes.join('; ')}.`, {
    hint: 'Use the same input and settings, write to a new file, or start over with --overwrite.',
  })
}
