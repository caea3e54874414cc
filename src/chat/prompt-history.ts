import {appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {withMarks} from './keyboard.js'

const limit = 1000

/** What was typed in this and earlier chats; the file has a JSON string per line, the newest last. */
export class PromptHistory {
  /** For the line editor: the newest first, each on one line. It keeps the array that it was given up to date. */
  readonly lines: string[]

  private constructor(
    private readonly file: string | undefined,
    private entries: string[],
  ) {
    this.lines = []
    this.refresh()
  }

  /** Without a file nothing is read or written. @throws what the file system says. */
  static open(file: string | undefined): PromptHistory {
    if (file === undefined) return new PromptHistory(undefined, [])
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

  /** Puts the editor's array right, which has an entry for every line of a prompt. */
  refresh(): void {
    this.lines.splice(0, Infinity, ...this.entries.map(withMarks))
  }
}

function read(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map(fromLine)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function toLine(entry: string): string {
  return `${JSON.stringify(entry)}\n`
}

/** Lines that somebody wrote by hand count as they are. */
function fromLine(line: string): string {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'string' ? entry : line
  } catch (error) {
    if (error instanceof SyntaxError) return line
    throw error
  }
}
