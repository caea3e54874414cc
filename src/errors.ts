/**
 * Every way a lifecycle call can fail: one name, one text, one exit code.
 *
 * `number` is the value in the re-created system's C header; status JSON and logs may show it. The wasm ABI
 * has other numbers, which exist only at that edge. `not_running` is of the commands alone, and not in that header.
 */
export const errorCodes = {
  invalid_argument: {number: 1, exit: 2, text: 'An argument is not valid.'},
  invalid_encoding: {number: 2, exit: 2, text: 'The graph encoding is not supported; use ggml or autodetect.'},
  timeout: {number: 3, exit: 3, text: 'The task did not finish in time.'},
  runtime_error: {number: 4, exit: 3, text: 'The backend could not carry out the call.'},
  unsupported_operation: {number: 5, exit: 2, text: 'The operation is not supported.'},
  too_large: {number: 6, exit: 3, text: 'The data or the model does not fit.'},
  not_found: {number: 7, exit: 2, text: 'The named thing does not exist.'},
  security: {number: 8, exit: 2, text: 'The call is not allowed.'},
  unknown: {number: 9, exit: 3, text: 'An unexpected fault occurred.'},
  end_of_sequence: {number: 100, exit: 0, text: 'The answer is complete.'},
  context_full: {number: 101, exit: 3, text: 'The context is full.'},
  prompt_too_long: {number: 102, exit: 3, text: 'The prompt does not fit the context.'},
  model_not_found: {number: 103, exit: 2, text: 'There is no model of that name or path.'},
  not_running: {number: 104, exit: 3, text: 'No daemon is running.'},
} as const satisfies Record<string, {number: number; exit: number; text: string}>

/** The name of an error; see `errorCodes`. */
export type ErrorCode = keyof typeof errorCodes

export interface NnErrorOptions {
  /** What the user can do about it, as one sentence. */
  hint?: string
  /** Bytes the caller's buffer must have (`too_large` of `getOutput` and `getBackendStatus`). */
  neededBytes?: number
  /** There is no place at the moment: nothing was begun, and the same call may succeed later. Defaults to `false`. */
  busy?: boolean
  cause?: unknown
}

/** The only error that lifecycle calls throw. `message` says what happened with the numbers, `hint` what to do. */
export class NnError extends Error {
  override readonly name = 'NnError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly neededBytes: number | undefined
  readonly busy: boolean

  constructor(code: ErrorCode, message?: string, options: NnErrorOptions = {}) {
    super(message ?? errorCodes[code].text, options.cause === undefined ? undefined : {cause: options.cause})
    this.code = code
    this.hint = options.hint
    this.neededBytes = options.neededBytes
    this.busy = options.busy === true
  }

  /** Process exit code for a command that fails with this error. */
  get exitCode(): number {
    return errorCodes[this.code].exit
  }
}

/** Converts whatever was thrown at a seam into an `NnError`; an `NnError` passes through unchanged. */
export function toNnError(thrown: unknown, code: ErrorCode = 'unknown'): NnError {
  if (thrown instanceof NnError) return thrown
  return new NnError(code, thrown instanceof Error ? thrown.message : String(thrown), {cause: thrown})
}

/** An error as it goes between processes. */
export interface WireError {
  code: ErrorCode
  message: string
  hint?: string
  busy?: boolean
  neededBytes?: number
}

export function toWire(thrown: unknown): WireError {
  const {code, message, hint, neededBytes, busy} = toNnError(thrown, 'runtime_error')
  return {
    ...{code, message},
    ...(hint !== undefined && {hint}),
    ...(neededBytes !== undefined && {neededBytes}),
    ...(busy && {busy}),
  }
}

export function fromWire({code, message, ...options}: WireError): NnError {
  return new NnError(code, message, options)
}

/** Message and hint as one text for people. */
export function explain(error: NnError): string {
  return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`
}
