/** One unchecked item of the input. */
export interface InputRecord {
  /** Line where it starts, from 1; in a YAML or JSON list, its position. */
  line: number
  content: {value: unknown; isText?: boolean} | {fault: string}
}

/** Maximum length of a JSONL line or CSV record in bytes; a longer one is a mistake and would fill the memory. */
export const maxRecordBytes = 16 * 1024 ** 2
