import {appendFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync} from 'node:fs'
import {devNull} from 'node:os'
import path from 'node:path'
import {NnError, systemReason} from '../errors.js'
import {withMarks} from './keyboard.js'

const limit = 1000
const maxBytes = 32 * 1024 * 1024

/** Prompts of this and earlier chats; the file has one JSON string per line, the newest last. */
export class PromptHistory {
  /** For the line editor: the newest first, each on one line. The editor keeps the array up to date. */
  readonly lines: string[]

  private constructor(
    private readonly file: string | undefined,
    private entries: string[],
  ) {
    this.lines = []
    this.refresh()
  }

  /** Without a file nothing is read or written. @throws `invalid_argument` for a file that is not a prompt history. */
  static open(file: string | undefined): PromptHistory {
    if (file === undefined || file === devNull) return new PromptHistory(undefined, [])
    try {
      return PromptHistory.openFile(file)
    } catch (error) {
      if (error instanceof NnError) throw error
      throw unusable(file, `${systemReason(error)}.`)
    }
  }

  private static openFile(file: string): PromptHistory {
    mkdirSync(path.dirname(file), {recursive: true, mode: 0o700})
    const entries = read(file)
    const newest = entries.slice(-limit)
    if (newest.length < entries.length) {
      const shorter = `${file}.${process.pid}`
      writeFileSync(shorter, newest.map(toLine).join(''), {mode: 0o600})
      renameSync(shorter, file)
    }
    return new PromptHistory(file, newest.reverse())
  }

  add(entry: string): void {
    const isNew = this.entries[0] !== entry
    if (isNew) this.entries = [entry, ...this.entries].slice(0, limit)
    this.refresh()
    if (isNew && this.file !== undefined) appendFileSync(this.file, toLine(entry), {mode: 0o600})
  }

  /** Corrects the editor's array, which has an entry for every line of a prompt. */
  refresh(): void {
    this.lines.splice(0, Infinity, ...this.entries.map(withMarks))
  }
}

function read(file: string): string[] {
  const stats = statSync(file, {throwIfNoEntry: false})
  if (stats === undefined || stats.size > maxBytes) return stats === undefined ? [] : refuse(file)
  // Reading a pipe would block.
  if (!stats.isFile()) throw unusable(file, 'it is not a regular file.')
  const text = readFileSync(file, 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  if (lines.length > 0 && !isHistory(text, lines)) return refuse(file)
  // A new entry must not continue an incomplete line.
  if (lines.length > 0 && !text.endsWith('\n')) appendFileSync(file, '\n')
  return lines.map((line) => readLine(line) ?? line)
}

/** Other files must not be changed. An incomplete line, for example after a full disk, still starts with its quote. */
function isHistory(text: string, lines: readonly string[]): boolean {
  const isLikely = !text.includes('\0') && lines.every((line) => line.startsWith('"'))
  const whole = isLikely ? lines.filter((line) => readLine(line) !== undefined) : []
  return whole.length * 2 >= lines.length
}

function refuse(file: string): never {
  throw new NnError('file_exists', `${file} exists and is not a prompt history; it was not changed.`)
}

function unusable(file: string, why: string): NnError {
  return new NnError('invalid_argument', `${file} cannot be used as prompt history: ${why}`)
}

function toLine(entry: string): string {
  return `${JSON.stringify(entry)}\n`
}

/** `undefined` if it is not an entry. */
function readLine(line: string): string | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'string' ? entry : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
