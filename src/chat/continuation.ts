import type {SessionsStatus} from '../backend/contract/status.js'
import {duration} from '../terminal/units.js'

/** The owner of the sessions: a daemon, or a backend that ends with the command. */
export type Host = {kind: 'daemon'; uptimeMs: number} | {kind: 'command'}

/** Why a session that was named by its id starts without messages; `undefined` if it has some. */
export function explainNew(session: string, status: SessionsStatus, host: Host): string | undefined {
  const known = status.sessions.find(({id}) => id === session)
  // For example because its first answer failed.
  if (known !== undefined) return known.messages > 0 ? undefined : `Session ${session} has no messages yet.`
  const gone = explainGone(session, status)
  if (gone !== undefined) return `${gone} A new one begins.`
  if (status.state_dir !== null) return `Session ${session} is new: ${status.state_dir} has no session with this id.`
  return host.kind === 'command'
    ? `Session ${session} is new and ends with this command. --state-dir keeps sessions.`
    : `Session ${session} is new: the daemon has no session with this id. It has run for ${span(host.uptimeMs)} and keeps sessions in memory only.`
}

/** How and until when the conversation can be continued; `undefined` if it ends with the chat. */
export function describeContinuation(
  session: string,
  status: SessionsStatus,
  {host, parted}: {host: Host['kind']; /** The session lacks the last messages. */ parted: boolean},
): string | undefined {
  if (host === 'command' && status.state_dir === null) return undefined
  const kept = status.sessions.find(({id}) => id === session)
  if (kept === undefined) {
    const gone = explainGone(session, status)
    return gone === undefined ? undefined : `${gone} It cannot be continued.`
  }
  if (kept.messages === 0) return undefined
  const until = [
    ...(status.auto_cleanup
      ? [
          `it is idle for ${span(status.idle_timeout_ms)}`,
          `newer sessions evict it (at most ${status.max_sessions} are kept)`,
        ]
      : []),
    ...(status.state_dir === null ? ['the daemon ends'] : []),
  ]
  const what = parted ? 'this conversation as of its last complete answer' : 'this conversation'
  const limit = until.length === 0 ? '' : ` until ${list.format(until)}`
  const where = status.state_dir === null ? '' : `; it is kept in ${status.state_dir}`
  return `--session ${session} continues ${what}${limit}${where}.`
}

function explainGone(session: string, status: SessionsStatus): string | undefined {
  switch (status.removed.find(({id}) => id === session)?.reason) {
    case 'idle':
      return `Session ${session} is gone: it was idle for longer than ${span(status.idle_timeout_ms)} (backend.idle_timeout_ms).`
    case 'evicted':
      return `Session ${session} is gone: newer sessions evicted it, because at most ${status.max_sessions} are kept (backend.max_sessions).`
    case undefined:
      return undefined
  }
}

const list = new Intl.ListFormat('en', {type: 'disjunction'})

/** `5 min` rather than `5 min 0 s`. */
function span(ms: number): string {
  return duration(ms).replace(/(?<=\D) 0 \w+$/, '')
}
