import {chmodSync, existsSync, mkdirSync, renameSync, statSync} from 'node:fs'
import path from 'node:path'
import pino, {type DestinationStream, type Logger as Pino} from 'pino'
import type {Config} from '../config/index.js'
import {NnError} from '../errors.js'

/** What a line is about. */
export type LogTag = 'PERF' | 'MEM' | 'TASK' | 'MODEL' | 'SESSION' | 'LLAMA'
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal'
export type LogFields = Record<string, unknown>

/** Structured log: every line one JSON object with `level`, `time`, `tag`, `msg` and the event's own fields. */
export interface Logger {
  log: (level: LogLevel, tag: LogTag, message: string, fields?: LogFields) => void
  /** Whether lines of that level are written anywhere. */
  enabled: (level: LogLevel) => boolean
  close: () => void
}

export interface LoggerOptions {
  /** Where lines go when no file is configured; absent: nowhere. */
  stream?: DestinationStream
}

/**
 * Opens the log that the configuration asks for. Writes are synchronous, so that nothing is lost however the process
 * ends, and the file is readable by its owner only.
 *
 * @throws `invalid_argument` when the file cannot be opened.
 */
export function createLogger(settings: Config['logging'], {stream}: LoggerOptions = {}): Logger {
  const destination = settings.file === '' ? stream : new LogFile(settings.file, settings.max_file_mb)
  const level = settings.enable_debug ? 'debug' : settings.level
  if (destination === undefined || level === 'none') return silent
  const logger: Pino = pino(
    {
      level,
      base: null,
      timestamp: settings.timestamps ? pino.stdTimeFunctions.isoTime : false,
      formatters: {level: (label) => ({level: label})},
    },
    destination,
  )
  return {
    log: (lineLevel, tag, message, fields) => logger[lineLevel]({tag, ...fields}, message),
    enabled: (lineLevel) => logger.isLevelEnabled(lineLevel),
    close: () => {
      if (destination instanceof LogFile) destination.close()
    },
  }
}

const silent: Logger = {log: () => undefined, enabled: () => false, close: () => undefined}

/** Appends to a file; when it has grown past `maxMb` (0: never) it becomes `<file>.1` and a new one is begun. */
class LogFile implements DestinationStream {
  private file: ReturnType<typeof pino.destination>
  private bytes: number

  constructor(
    private readonly target: string,
    private readonly maxMb: number,
  ) {
    try {
      makeFolder(path.dirname(target))
      this.bytes = existsSync(target) ? statSync(target).size : 0
      this.file = this.open()
    } catch (error) {
      throw new NnError('invalid_argument', `logging.file ${target} cannot be opened: ${(error as Error).message}`, {
        hint: 'Give the path of a file that this user may write.',
        cause: error,
      })
    }
  }

  write(line: string): void {
    if (this.maxMb > 0 && this.bytes + line.length > this.maxMb * 1024 ** 2 && this.bytes > 0) {
      this.file.end()
      renameSync(this.target, `${this.target}.1`)
      this.file = this.open()
      this.bytes = 0
    }
    this.bytes += Buffer.byteLength(line)
    this.file.write(line)
  }

  close(): void {
    this.file.flushSync()
    this.file.end()
  }

  private open(): ReturnType<typeof pino.destination> {
    const isNew = !existsSync(this.target)
    const file = pino.destination({dest: this.target, sync: true, append: true})
    // A disk that is full costs the lines, not the answers.
    file.on('error', (error: Error) => process.emitWarning(`logging.file ${this.target}: ${error.message}`))
    if (isNew) chmodSync(this.target, 0o600)
    return file
  }
}

/** Step by step: below a folder that takes no entries (`/proc`), Node's recursive `mkdir` never returns. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(path.dirname(folder))
  mkdirSync(folder)
}
