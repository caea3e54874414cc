import * as assert from 'uvu/assert'
import type {SessionsStatus} from '../../src/backend/contract/status.js'
import {describeContinuation, explainNew} from '../../src/chat/continuation.js'
import {madeUpStatus} from '../cli/status/made-up-status.js'
import {suite} from '../support/suite.js'

const test = suite('what is said of a session')

const daemon = {kind: 'daemon', uptimeMs: 180_000} as const
const own = {kind: 'command'} as const

function sessions(changes: Partial<SessionsStatus> = {}, messages = 2): SessionsStatus {
  const rest = {contexts: [], idle_ms: 0, cached_tokens: 0, cache: 'none', dropped_messages: 0} as const
  return {...madeUpStatus().sessions, sessions: [{id: 'a', messages, ...rest, contexts: []}], ...changes}
}

const none: Partial<SessionsStatus> = {sessions: []}

test('nothing when it is there', () => {
  assert.is(explainNew('a', sessions(), daemon), undefined)
})

test('that it is empty when nothing was kept in it', () => {
  assert.is(explainNew('a', sessions({}, 0), daemon), 'Session a has no messages yet.')
  assert.is(explainNew('a', sessions({state_dir: '/s'}, 0), own), 'Session a has no messages yet.')
})

test('why one that is gone begins anew', () => {
  const idle = sessions({...none, removed: [{id: 'a', reason: 'idle'}]})
  assert.is(
    explainNew('a', idle, daemon),
    'Session a is gone: it was idle for longer than 5 min (backend.idle_timeout_ms). A new one begins.',
  )
  const evicted = sessions({...none, removed: [{id: 'a', reason: 'evicted'}]})
  assert.is(
    explainNew('a', evicted, daemon),
    'Session a is gone: newer sessions evicted it, because at most 100 are kept (backend.max_sessions). A new one begins.',
  )
})

test('where one was looked for that is not known', () => {
  assert.is(
    explainNew('b', sessions(), daemon),
    'Session b is new: the daemon has no session with this id. It has run for 3 min and keeps sessions in memory only.',
  )
  assert.is(explainNew('b', sessions({state_dir: '/s'}), daemon), 'Session b is new: /s has no session with this id.')
  assert.is(
    explainNew('b', sessions(none), own),
    'Session b is new and ends with this command. --state-dir keeps sessions.',
  )
})

const continued = (status: SessionsStatus, host: 'daemon' | 'command' = 'daemon', parted = false): string | undefined =>
  describeContinuation('a', status, {host, parted})

test('until when it can be continued', () => {
  assert.is(
    continued(sessions()),
    '--session a continues this conversation until it is idle for 5 min, newer sessions evict it (at most 100 are kept), or the daemon ends.',
  )
  assert.is(
    continued(sessions({auto_cleanup: false})),
    '--session a continues this conversation until the daemon ends.',
  )
  assert.is(
    continued(sessions({state_dir: '/s'})),
    '--session a continues this conversation until it is idle for 5 min or newer sessions evict it (at most 100 are kept); it is kept in /s.',
  )
  assert.is(
    continued(sessions({state_dir: '/s', auto_cleanup: false}), 'command'),
    '--session a continues this conversation; it is kept in /s.',
  )
})

test('what was said last may be missing', () => {
  assert.match(
    continued(sessions({state_dir: '/s'}), 'command', true) ?? '',
    /this conversation as of its last complete answer/,
  )
})

test('nothing is promised of what is gone, empty, or ends with the command', () => {
  const gone = sessions({...none, removed: [{id: 'a', reason: 'idle'}]})
  assert.match(continued(gone) ?? '', /^Session a is gone: it was idle .*\. It cannot be continued\.$/)
  assert.is(continued(sessions(none)), undefined)
  assert.is(continued(sessions({}, 0)), undefined)
  assert.is(continued(sessions(), 'command'), undefined)
  assert.is(continued(gone, 'command'), undefined)
})
