import {closeSync, constants, fstatSync, openSync, realpathSync, renameSync, statSync, writeSync} from 'node:fs'
import path from 'node:path'
import {isatty} from 'node:tty'
import pino, {type Logger as Pino} from 'pino'
import type {Config} from '../../config/index.js'
import {NnError, systemReason} from '../../errors.js'
import {makeFolder} from '../../system/make-folder.js'
import {escapeControls, sanitizeLine} from '../../terminal/sanitize.js'
import {terminalLine} from './terminal-line.js'

/** The topic of a line. */
export type LogTag = 'PERF' | 'MEM' | 'TASK' | 'MODEL' | 'SESSION' | 'LLAMA'
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal'
export type LogFields = Record<string, unknown>

/**
 * Structured log: every line one JSON object with `level`, `time`, `tag`, `msg` and the event's own fields; on a
 * terminal, a readable line with the same contents.
 */
export interface Logger {
  log: (level: LogLevel, tag: LogTag, message: string, fields?: LogFields) => void
  /** Whether lines of that level are written anywhere. */
  enabled: (level: LogLevel) => boolean
  close: () => void
}

/** Takes the log, one line at a time. */
export interface LogStream {
  write(line: string): void
}

export interface LoggerOptions {
  /** Target of lines if no file is configured; absent: none. */
  stream?: LogStream
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

/**
 * Opens the configured log. Writes are synchronous, so that nothing is lost however the process ends, and the file is
 * readable by its owner only.
 *
 * @throws `invalid_argument` when the file cannot be opened.
 */
export function createLogger(
  settings: Config['logging'],
  {stream, now = () => performance.now()}: LoggerOptions = {},
): Logger {
  const destination = settings.file === '' ? stream : new LogFile(settings.file, settings.max_file_mb, now)
  const level = settings.enable_debug ? 'debug' : settings.level
  if (destination === undefined || level === 'none') return silent
  const logger: Pino = pino(
    {
      level,
      base: null,
      timestamp: settings.timestamps ? pino.stdTimeFunctions.isoTime : false,
      formatters: {level: (label) => ({level: label})},
    },
    isTerminal(destination) ? forPeople(destination, settings.colors) : asJson(destination),
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

function isTerminal(destination: LogStream): boolean {
  return 'isTTY' in destination && destination.isTTY === true
}

/** Files and pipes are shown on terminals, too. */
function asJson(stream: LogStream): LogStream {
  return {
    write: (line) => {
      stream.write(escapeControls(line))
    },
  }
}

function forPeople(terminal: LogStream, colors: boolean): LogStream {
  const {NO_COLOR = '', TERM} = process.env
  const colored = colors && NO_COLOR === '' && TERM !== 'dumb'
  return {
    write: (line) => {
      terminal.write(terminalLine(line, colored))
    },
  }
}

/** A pipe without a reader fails instead of waiting for one, and one whose reader stops loses lines, not answers. */
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

/** How often to look whether another program, for example logrotate, has renamed or removed the file. */
const checkPlaceMs = 1000

/** Appends to a file. When it is larger than `maxMb` (0: never), it is renamed to `<file>.1` and a new one starts. */
class LogFile implements LogStream {
  private descriptor: number | undefined
  private bytes = 0
  private warned = false
  readonly isTTY: boolean

  private placeCheckedAt: number

  /** The real file, so that a link to it stays in place when the file is renamed. */
  private file: string

  constructor(
    private readonly target: string,
    private readonly maxMb: number,
    private readonly now: () => number,
  ) {
    this.placeCheckedAt = now()
    try {
      makeFolder(path.dirname(path.resolve(target)))
      this.descriptor = openSync(target, appending, 0o600)
      this.file = realpathSync(target)
      this.bytes = fstatSync(this.descriptor).size
      this.isTTY = isatty(this.descriptor)
    } catch (error) {
      throw new NnError('invalid_argument', `logging.file ${target} cannot be opened: ${systemReason(error)}`, {
        hint: 'Set it to a file that this user may write.',
        cause: error,
      })
    }
  }

  write(line: string): void {
    this.attempt(() => this.follow())
    this.attempt(() => this.rotate(line))
    this.attempt(() => {
      if (this.descriptor !== undefined) this.bytes += writeSync(this.descriptor, line)
    })
  }

  /** Opens the file again where its name leads elsewhere now. */
  private follow(): void {
    const now = this.now()
    if (this.descriptor === undefined || now - this.placeCheckedAt < checkPlaceMs) return
    this.placeCheckedAt = now
    const own = fstatSync(this.descriptor)
    if (!own.isFile()) return
    const found = statSync(this.target, {throwIfNoEntry: false})
    if (found?.ino === own.ino && found.dev === own.dev) return
    const descriptor = openSync(this.target, appending, 0o600)
    this.close()
    this.descriptor = descriptor
    this.file = realpathSync(this.target)
    this.bytes = fstatSync(descriptor).size
  }

  /** A full disk loses log lines, not answers. */
  private attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!this.warned) process.emitWarning(sanitizeLine(`logging.file ${this.target}: ${systemReason(error)}`))
      this.warned = true
    }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor)
    this.descriptor = undefined
  }

  private rotate(line: string): void {
    if (this.maxMb === 0 || this.bytes === 0 || this.bytes + line.length <= this.maxMb * 1024 ** 2) return
    // A terminal or a pipe has no contents that could be renamed.
    if (this.descriptor === undefined || !fstatSync(this.descriptor).isFile()) return
    // Rename first: if that fails, lines still go to the old file.
    renameSync(this.file, `${this.file}.1`)
    this.close()
    this.descriptor = openSync(this.file, appending, 0o600)
    this.bytes = 0
  }
}
