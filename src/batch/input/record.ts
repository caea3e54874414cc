import {notUtf8, type Written} from '../../documents/index.js'

/** One unchecked item of the input. */
export interface InputRecord {
  /** Line where it starts, from 1; in a YAML or JSON list, its position. */
  line: number
  content: Found | Unusable
}

/** Why a record cannot be read, and its id if that can. */
export interface Unusable {
  fault: string
  hint?: string | undefined
  id?: string | undefined
}

/** The value of a record. */
export interface Found {
  value: unknown
  /** Whether all values in it are texts, as in a table. Defaults to `false`. */
  isText?: boolean
  /** Its numbers as the input has them. Absent: there are none, or they are written as usual. */
  written?: Written
}

/** Bytes of a record that are not UTF-8 and start on this line. */
export function badEncoding(bytes: Buffer, what: string, line: number): Unusable {
  const {message, hint} = notUtf8(bytes, what, line)
  return {fault: message, hint}
}

/** Maximum length of a JSONL line or CSV record in bytes; a longer one is a mistake and would fill the memory. */
export const maxRecordBytes = 16 * 1024 ** 2
