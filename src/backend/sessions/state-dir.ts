import {realpathSync, statSync} from 'node:fs'
import path from 'node:path'
import {bindSocket} from '../../system/bind-socket.js'
import {NnError, systemReason} from '../../errors.js'
import type {Logger} from '../logging/logger.js'
import {makeFolder} from '../../system/make-folder.js'
import {HistoryJournal, type HistoryJournalOptions} from './history-journal.js'
import type {RecordedMessage} from './history-records.js'

/** A folder with the histories of one backend's sessions. No other backend can use it at the same time. */
export class StateDir {
  private logger: Logger | undefined
  private isTold = false

  private constructor(
    /** Without symbolic links. */
    readonly folder: string,
    private readonly journal: HistoryJournal,
    private readonly unlock: () => Promise<void>,
  ) {}

  /**
   * Locks and reads the folder; creates it for its owner only if it does not exist.
   *
   * @throws `invalid_argument` if another backend uses it, if it cannot be used, or if its file is damaged.
   */
  static async open(folder: string, options: HistoryJournalOptions = {}): Promise<StateDir> {
    const real = makeOwn(folder)
    const taken = `The state folder ${folder} is in use by another process.`
    const lock = await bindSocket(path.join(real, 'lock'), (connection) => connection.destroy(), taken)
    const unlock = async (): Promise<void> => {
      await lock[Symbol.asyncDispose]()
    }
    try {
      return new StateDir(real, HistoryJournal.open(path.join(real, 'histories.jsonl'), options), unlock)
    } catch (error) {
      await unlock()
      throw error
    }
  }

  /** The sessions in the folder when it was opened, the last changed last, even if the clock was set back. */
  restored(now = Date.now()): {id: string; messages: RecordedMessage[]; idleMs: number}[] {
    return this.journal.restored.map(({id, messages, at}) => ({id, messages, idleMs: Math.max(0, now - at)}))
  }

  /** The highest number in a generated session id. */
  get names(): number {
    return this.journal.names
  }

  /** Why the folder is not up to date; `null` if it is. */
  get problem(): string | null {
    return this.journal.problem
  }

  /** From here on problems are logged. */
  logTo(logger: Logger): void {
    this.logger = logger
    const {restored, tornBytes} = this.journal
    logger.log('info', 'SESSION', 'histories restored', {folder: this.folder, sessions: restored.length})
    if (tornBytes > 0) {
      const fields = {folder: this.folder, bytes: tornBytes}
      logger.log('warn', 'SESSION', 'the last line of the histories was cut off; it is left out', fields)
    }
  }

  /** Never throws: the answer is returned even if it cannot be written. */
  save(id: string, messages: readonly RecordedMessage[]): void {
    this.journal.save(id, messages)
    this.tell()
  }

  /** Never throws. */
  remove(id: string): void {
    this.journal.remove(id)
    this.tell()
  }

  async close(): Promise<void> {
    this.journal.close()
    this.tell()
    await this.unlock()
  }

  /** Logged once when the problem starts, not for each answer. */
  private tell(): void {
    const {folder} = this
    const {problem} = this.journal
    if (problem !== null && !this.isTold) {
      this.logger?.log('warn', 'SESSION', 'histories cannot be written', {folder, reason: problem})
    }
    if (problem === null && this.isTold) this.logger?.log('info', 'SESSION', 'histories are written again', {folder})
    this.isTold = problem !== null
  }
}

function makeOwn(folder: string): string {
  // An empty name would be the working directory.
  if (folder === '') throw new NnError('invalid_argument', 'The name of the state folder is empty.')
  try {
    makeFolder(path.resolve(folder), 0o700)
    const real = realpathSync(folder)
    if (statSync(real).isDirectory()) return real
  } catch (error) {
    throw new NnError('file_unusable', `The state folder ${folder} cannot be used: ${systemReason(error)}.`, {
      hint: 'Name a folder that this user may write to.',
      cause: error,
    })
  }
  throw new NnError('invalid_argument', `The state folder ${folder} is not a folder.`)
}
