import {closeSync, fstatSync, openSync, realpathSync, renameSync, writeSync} from 'node:fs'
import path from 'node:path'
import {isatty} from 'node:tty'
import pino, {type DestinationStream, type Logger as Pino} from 'pino'
import type {Config} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {makeFolder} from '../../system/make-folder.js'
import {terminalLine} from './terminal-line.js'

/** What a line is about. */
export type LogTag = 'PERF' | 'MEM' | 'TASK' | 'MODEL' | 'SESSION' | 'LLAMA'
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal'
export type LogFields = Record<string, unknown>

/**
 * Structured log: every line one JSON object with `level`, `time`, `tag`, `msg` and the event's own fields; on a
 * terminal the same as a line for people.
 */
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
    isTerminal(destination) ? forPeople(destination, settings.colors) : destination,
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

function isTerminal(destination: DestinationStream): boolean {
  return 'isTTY' in destination && destination.isTTY === true
}

function forPeople(terminal: DestinationStream, colors: boolean): DestinationStream {
  const {NO_COLOR = '', TERM} = process.env
  const colored = colors && NO_COLOR === '' && TERM !== 'dumb'
  return {
    write: (line) => {
      terminal.write(terminalLine(line, colored))
    },
  }
}

/** Appends to a file; when it has grown past `maxMb` (0: never) it becomes `<file>.1` and a new one is begun. */
class LogFile implements DestinationStream {
  private descriptor: number | undefined
  private bytes = 0
  private warned = false
  readonly isTTY: boolean

  /** The file itself: a link to it stays where it is when the file is set aside. */
  private readonly file: string

  constructor(
    private readonly target: string,
    private readonly maxMb: number,
  ) {
    try {
      makeFolder(path.dirname(path.resolve(target)))
      this.descriptor = openSync(target, 'a', 0o600)
      this.file = realpathSync(target)
      this.bytes = fstatSync(this.descriptor).size
      this.isTTY = isatty(this.descriptor)
    } catch (error) {
      throw new NnError('invalid_argument', `logging.file ${target} cannot be opened: ${(error as Error).message}`, {
        hint: 'Set it to a file that this user may write.',
        cause: error,
      })
    }
  }

  write(line: string): void {
    this.attempt(() => this.rotate(line))
    this.attempt(() => {
      if (this.descriptor !== undefined) this.bytes += writeSync(this.descriptor, line)
    })
  }

  /** A disk that is full costs the lines, not the answers. */
  private attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!this.warned) process.emitWarning(`logging.file ${this.target}: ${(error as Error).message}`)
      this.warned = true
    }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor)
    this.descriptor = undefined
  }

  private rotate(line: string): void {
    if (this.maxMb === 0 || this.bytes === 0 || this.bytes + line.length <= this.maxMb * 1024 ** 2) return
    // A terminal or a pipe keeps nothing that could be set aside.
    if (this.descriptor === undefined || !fstatSync(this.descriptor).isFile()) return
    // Renamed first: when that fails the lines still have a file.
    renameSync(this.file, `${this.file}.1`)
    this.close()
    this.descriptor = openSync(this.file, 'a', 0o600)
    this.bytes = 0
  }
}
