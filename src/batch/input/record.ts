/** One item as the input has it, before anybody has looked at what is in it. */
export interface InputRecord {
  /** Line of the input, from 1, where it begins; in a list of YAML or JSON its place there. */
  line: number
  content: {value: unknown; isText?: boolean} | {fault: string}
}

/** Longest line of JSONL and longest record of CSV, in bytes; more is a mistake, and would fill the memory. */
export const maxRecordBytes = 16 * 1024 ** 2
