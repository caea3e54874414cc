import {readFileSync, rmSync, statSync} from 'node:fs'
import {NnError, systemReason} from '../../errors.js'
import {AppendFile, createFile, draftOf, type Write} from '../../system/append-file.js'
import {
  headerLine,
  numberOf,
  recordLine,
  replay,
  toRecord,
  type HistoryRecord,
  type RecordedMessage,
  type RecordedSession,
} from './history-records.js'

export interface HistoryJournalOptions {
  /** Milliseconds since 1970. Defaults to `Date.now`. */
  now?: () => number
  /** Defaults to the system's. */
  write?: Write
  /** A smaller file is not compacted, in bytes. Defaults to 1 MiB. */
  compactFromBytes?: number
}

/** A session as written to the file. */
interface Recorded {
  at: number
  messages: readonly RecordedMessage[]
}

/** How much larger the file may become than its live contents. */
const growth = 4
const mebibyte = 1024 * 1024

/**
 * The histories of sessions on disk: each change appends a line. The line is in the kernel when `save` returns, so
 * nothing is lost when the process ends; docs/sessions.md describes a power failure. A change that cannot be written is
 * written with the next one.
 */
export class HistoryJournal {
  /** The sessions in the file when it was opened, the last changed last. */
  readonly restored: readonly RecordedSession[]
  /** Bytes of an incomplete last line, which were removed. */
  readonly tornBytes: number
  /** Why the file is not up to date; `null` if it is. */
  problem: string | null = null
  private readonly file: AppendFile
  /** The histories in the file. Histories are replaced, never changed in place, so these stay as written. */
  private readonly written: Map<string, Recorded>
  /** The pending histories; without messages for a session to remove. */
  private readonly pending = new Map<string, {at: number; messages: readonly RecordedMessage[] | undefined}>()
  private compactAbove = 0
  private isClosed = false

  private constructor(
    file: string,
    /** The highest number in a generated session id. */
    public names: number,
    {sessions, wholeBytes, size}: {sessions: Map<string, RecordedSession>; wholeBytes: number; size: number},
    private readonly options: HistoryJournalOptions,
  ) {
    this.file = new AppendFile(file, wholeBytes, options.write)
    this.written = new Map<string, Recorded>(sessions)
    this.restored = [...sessions.values()]
    this.tornBytes = size - wholeBytes
  }

  /**
   * Opens or creates the file. No other process may have it open.
   *
   * @throws `invalid_argument` for another file, a newer version, a damaged line, and when it cannot be read or
   * written.
   */
  static open(file: string, options: HistoryJournalOptions = {}): HistoryJournal {
    try {
      const stats = statSync(file, {throwIfNoEntry: false})
      // Reading a pipe would block.
      if (stats !== undefined && !stats.isFile()) {
        throw new NnError('file_exists', `${file} is not a regular file; it was not changed.`)
      }
      rmSync(draftOf(file), {force: true})
      if (stats === undefined || stats.size === 0) createFile(file, headerLine(0), options.write)
      const bytes = readFileSync(file)
      const {names, ...replayed} = replay(bytes, file)
      const journal = new HistoryJournal(file, names, {...replayed, size: bytes.length}, options)
      journal.noteAlive([...journal.lines()].reduce((sum, line) => sum + Buffer.byteLength(line), 0))
      journal.compactIfLarge()
      return journal
    } catch (error) {
      if (error instanceof NnError) throw error
      throw new NnError('file_unusable', `${file} cannot be used for histories: ${systemReason(error)}.`, {
        hint: 'Name a folder that this user may write to.',
        cause: error,
      })
    }
  }

  /** Never throws: `problem` has the error. */
  save(id: string, messages: readonly RecordedMessage[]): void {
    this.change(id, messages)
  }

  /** Never throws: `problem` has the error. */
  remove(id: string): void {
    this.change(id, undefined)
  }

  /** Writes pending changes and waits for the disk. Never throws: `problem` has the error. */
  close(): void {
    if (this.isClosed) return
    this.flush()
    this.isClosed = true
    try {
      this.file.close()
    } catch (error) {
      this.problem = systemReason(error)
    }
  }

  private change(id: string, messages: readonly RecordedMessage[] | undefined): void {
    if (this.isClosed) return
    this.pending.set(id, {at: (this.options.now ?? Date.now)(), messages})
    this.names = Math.max(this.names, numberOf(id))
    this.flush()
  }

  private flush(): void {
    const records = [...this.pending].flatMap(([id, wanted]) => recordOf(id, this.written.get(id)?.messages, wanted))
    try {
      if (records.length > 0) this.reclaim()
      if (records.length > 0) this.file.append(records.map(recordLine).join(''))
    } catch (error) {
      this.problem = systemReason(error)
      return
    }
    this.problem = null
    for (const {session, at} of records) {
      const messages = this.pending.get(session)?.messages
      this.written.delete(session)
      if (messages !== undefined) this.written.set(session, {at, messages})
    }
    this.pending.clear()
    this.compactIfLarge()
  }

  /**
   * A file that was deleted or renamed is written again, with all histories. Throws if another one took its place, which
   * may be somebody's backup.
   */
  private reclaim(): void {
    const changed = this.file.changed()
    if (changed === undefined) return
    if (statSync(this.file.file, {throwIfNoEntry: false}) !== undefined) {
      throw new Error(
        `${this.file.file} ${changed}. Restart to read it, or remove it to have all histories written again`,
      )
    }
    this.file.replace(this.lines())
  }

  /** If this fails nothing is lost; the file only grows. */
  private compactIfLarge(): void {
    if (this.file.bytes <= this.compactAbove) return
    try {
      this.file.replace(this.lines())
    } catch (error) {
      this.problem = systemReason(error)
    }
    this.noteAlive(this.file.bytes)
  }

  private noteAlive(bytes: number): void {
    this.compactAbove = Math.max(growth * bytes, this.options.compactFromBytes ?? mebibyte)
  }

  /** The compacted file: only live contents. */
  private *lines(): Generator<string> {
    yield headerLine(this.names)
    for (const [id, {at, messages}] of this.written) {
      for (const record of recordOf(id, undefined, {at, messages})) yield recordLine(record)
    }
  }
}

/** The record that changes one history into the other; none if they are the same. */
function recordOf(
  session: string,
  before: readonly RecordedMessage[] | undefined,
  {at, messages}: {at: number; messages: readonly RecordedMessage[] | undefined},
): HistoryRecord[] {
  if (messages === undefined) return before === undefined ? [] : [{type: 'removed', session, at}]
  const differs = messages.findIndex((message, index) => message !== before?.[index])
  const keep = differs === -1 ? messages.length : differs
  if (keep === messages.length && keep === (before?.length ?? 0)) return []
  return [{type: 'history', session, at, keep, messages: messages.slice(keep).map(toRecord)}]
}
