import {NnError} from '../errors.js'

/** Whether a call failed so because what carries it out is gone: an engine, a daemon, or the connection to it. */
export function isGone(error: unknown): error is NnError {
  return error instanceof NnError && ['not_running', 'runtime_error'].includes(error.code)
}
