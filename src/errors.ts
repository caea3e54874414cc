import {errorCodes, reasons, type ErrorCode, type Reason} from './error-reasons.js'

export {errorCodes, reasons, type ErrorCode, type Reason}

export interface NnErrorOptions {
  /** What the user can do about it, as one sentence. */
  hint?: string
  /** Size in bytes that the caller's buffer must have (`too_large` of `getOutput` and `getBackendStatus`). */
  neededBytes?: number
  /** The part of an answer before it failed. */
  partial?: PartialText | undefined
  cause?: unknown
}

/** The text of a failed answer, and its known metadata (`OutputMetadata`). */
export interface PartialText {
  text: string
  metadata: object
}

/** The only error that lifecycle calls throw. `message` says what happened with the numbers, `hint` what to do. */
export class NnError extends Error {
  override readonly name = 'NnError'
  readonly reason: Reason
  readonly hint: string | undefined
  readonly neededBytes: number | undefined
  readonly partial: PartialText | undefined

  /** Without a message, the text of the reason's code. */
  constructor(reason: Reason, message?: string, options: NnErrorOptions = {}) {
    super(
      message ?? errorCodes[reasons[reason].code].text,
      options.cause === undefined ? undefined : {cause: options.cause},
    )
    this.reason = reason
    this.hint = options.hint
    this.neededBytes = options.neededBytes
    this.partial = options.partial
  }

  /** The same error with the text before it. */
  withPartial(partial: PartialText): NnError {
    return copyWith(this, partial)
  }

  get code(): ErrorCode {
    return reasons[this.reason].code
  }

  /** Process exit code for a command that fails with this error. */
  get exitCode(): number {
    return reasons[this.reason].exit
  }

  /** Nothing was started because no place was free; the same call may succeed later. */
  get canRetry(): boolean {
    return 'retry' in reasons[this.reason]
  }
}

/** Outside of the class, which a bundler would give another name if it named itself. */
function copyWith(error: NnError, partial: PartialText): NnError {
  const {reason, message, hint, neededBytes} = error
  return new NnError(reason, message, {
    partial,
    cause: error,
    ...(hint !== undefined && {hint}),
    ...(neededBytes !== undefined && {neededBytes}),
  })
}

/** Converts anything thrown into an `NnError`; an `NnError` stays unchanged. */
export function toNnError(thrown: unknown, reason: Reason = 'unknown'): NnError {
  if (thrown instanceof NnError) return thrown
  return new NnError(reason, thrown instanceof Error ? thrown.message : String(thrown), {cause: thrown})
}

/** What system errors mean for a file or folder that somebody named. */
const systemReasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EAGAIN: 'the reader of the pipe does not keep up',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than this process may write',
  EIO: 'the disk reports an error',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links lead in a circle',
  EMFILE: 'this process has too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'the operation is not permitted',
  ENXIO: 'it is a socket, or a pipe that nobody reads',
  EROFS: 'the file system is read-only',
}

/** Why the system refused a file, for the end of a message; without the system call and its paths. */
export function systemReason(error: unknown): string {
  const {code = '', message} = error as NodeJS.ErrnoException
  return systemReasons[code] ?? message.replace(/, \w+(?: '.*)?$/s, '')
}

/** An error in messages between processes. */
export interface WireError {
  code: ErrorCode
  reason: Reason
  message: string
  hint?: string
  neededBytes?: number
  partial?: PartialText
}

export function toWire(thrown: unknown): WireError {
  const {code, reason, message, hint, neededBytes, partial} = toNnError(thrown, 'runtime_error')
  return {
    code,
    reason,
    message,
    ...(hint !== undefined && {hint}),
    ...(neededBytes !== undefined && {neededBytes}),
    ...(partial !== undefined && {partial}),
  }
}

/** The error that another process had. One of another version may have other reasons, or none: then the code says all. */
export function fromWire({code, reason, message, ...options}: WireError): NnError {
  const known = [reason, code].find((name) => Object.hasOwn(reasons, name))
  return new NnError(known ?? 'unknown', message, options)
}

/** Message and hint as one text. */
export function explain(error: NnError): string {
  return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`
}
