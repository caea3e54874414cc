import {existsSync, rmSync} from 'node:fs'
import path from 'node:path'
import {bindSocket} from '../../system/bind-socket.js'
import {NnError, systemReason} from '../../errors.js'
import {AppendFile} from '../../system/append-file.js'
import {findOutput, lockPath, stateOf} from './find-output.js'
import {checkUnchanged, readRecord, recordPath, writeRecord, type RunRecord} from './record-of-run.js'
import {noRows, rowsWithoutFailures, scanRows, type StoredRows} from './stored-rows.js'
import {plural} from '../../terminal/units.js'

export interface OutputOptions {
  /** Continues an output of the same input and settings. */
  resume: boolean
  /** Discards the rows of the file. */
  overwrite: boolean
  /** Removes the rows of failed items, so that they run again. */
  retryErrors: boolean
}

/**
 * The output file. Each row is appended by one call, and incomplete rows are removed. Next to the file are the record
 * of the run and, while it is open, a socket that locks out other batches as long as this process lives.
 */
export class BatchOutput implements AsyncDisposable {
  private appended: AppendFile | undefined
  private record: RunRecord | undefined

  private constructor(
    readonly file: string,
    /** As the user names it; may be a symbolic link to the file. */
    private readonly name: string,
    private readonly options: OutputOptions,
    private readonly unlock: () => Promise<void>,
  ) {}

  /** @throws `invalid_argument` for a file that cannot be written, that another batch writes to, or that has rows already. */
  static async open(name: string, options: OutputOptions): Promise<BatchOutput> {
    const {file, found} = findOutput(name)
    if (found !== undefined && found.size > 0 && !options.resume && !options.overwrite) {
      throw new NnError('file_exists', `${name} exists and has ${plural(found.size, 'byte')}.`, {
        hint: 'Continue it with --resume, discard it with --overwrite, or write to another file.',
      })
    }
    const lock = lockPath(file)
    const bound = await bindSocket(lock, (connection) => connection.destroy(), `Another batch is writing to ${name}.`)
    const removeLock = (): void => rmSync(lock, {force: true})
    // After a second signal there is no time to close it.
    process.on('exit', removeLock)
    return new BatchOutput(file, path.resolve(name), options, async () => {
      process.off('exit', removeLock)
      await bound[Symbol.asyncDispose]()
    })
  }

  /**
   * Prepares it for the rows of this run, and returns the rows that it already has.
   * @throws `invalid_argument` if these have another input or other settings.
   */
  begin(run: Pick<RunRecord, 'input' | 'settings'>): StoredRows {
    const {file} = this
    const {isEmpty, isBegun} = stateOf(file)
    const goesOn = this.options.resume && isBegun
    if (goesOn && !existsSync(file)) {
      throw new NnError('file_unusable', `${file} is missing, but its record ${recordPath(file)} is there.`, {
        hint: 'The output was renamed or deleted. Give it its name back, or start over with --overwrite.',
      })
    }
    if (goesOn) checkUnchanged(file, readRecord(file), run)
    const record: RunRecord = {version: 1, ...run, complete: false}
    this.record = record
    try {
      if (goesOn && !isEmpty) {
        writeRecord(file, record)
        return this.reopen()
      }
      // Rows of an earlier run must never be next to the record of this one.
      this.appended = new AppendFile(file, 0)
      writeRecord(file, record)
      return noRows()
    } catch (error) {
      if (error instanceof NnError) throw error
      throw new NnError('file_unusable', `${file} cannot be written: ${systemReason(error)}.`, {cause: error})
    }
  }

  /**
   * @throws `runtime_error` if the row cannot be written (it is removed completely), and if the file is no longer where the
   * user looks for it, or another program wrote to it.
   */
  append(row: string): void {
    if (this.appended === undefined) throw new Error('begin() comes first')
    try {
      this.appended.append(row)
    } catch (error) {
      throw new NnError('runtime_error', `${this.file} cannot be written: ${systemReason(error)}.`, {
        ...{cause: error, hint: 'All rows in it are complete. Free some disk space and continue with --resume.'},
      })
    }
    this.checkPlace(this.appended)
  }

  /** Records that every item of the input has a row. */
  complete(): void {
    if (this.record === undefined || this.appended === undefined) throw new Error('begin() comes first')
    this.checkPlace(this.appended)
    writeRecord(this.file, {...this.record, complete: true})
  }

  /** Records permanently that rows may belong to another input or model: the output cannot be resumed. */
  doubt(reason: string): void {
    if (this.record === undefined) throw new Error('begin() comes first')
    writeRecord(this.file, {...this.record, doubt: reason})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.appended?.close()
    } finally {
      await this.unlock()
    }
  }

  /** The summary must not name a file that lacks the rows. */
  private checkPlace(appended: AppendFile): void {
    const changed = appended.changed(this.name)
    if (changed === undefined) return
    throw new NnError('runtime_error', `${this.name} ${changed} during the run. Rows of this run are missing in it.`, {
      hint: 'If it was only renamed, give it its name back and continue with --resume. Else start again with another output.',
    })
  }

  private reopen(): StoredRows {
    const stored = scanRows(this.file)
    this.appended = new AppendFile(this.file, stored.bytes)
    if (!this.options.retryErrors || stored.failed === 0) return stored
    this.appended.replace(rowsWithoutFailures(this.file))
    return scanRows(this.file)
  }
}
