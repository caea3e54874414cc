import {NnError, type Reason} from '../../errors.js'

const reasons: readonly Reason[] = ['not_running', 'connection_lost', 'daemon_stopping', 'client_unknown']

/** Whether a call failed because the daemon, or the connection to it, is gone. */
export function isDaemonGone(error: unknown): error is NnError {
  return error instanceof NnError && reasons.includes(error.reason)
}
