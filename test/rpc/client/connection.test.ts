import path from 'node:path'
import * as assert from 'uvu/assert'
import {toNnError} from '../../../src/errors.js'
import {DaemonConnection} from '../../../src/rpc/client/connection.js'
import {rejects} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('the connection to a daemon')

test('that is closed says so, without the words of the system', (t) => {
  const connection = new DaemonConnection(path.join(temporaryFolder(t), 'daemon.sock'))
  for (const [code, message] of [
    ['EPIPE', 'write EPIPE'],
    ['ECONNRESET', 'socket hang up'],
  ] as const) {
    const error = toNnError(connection.explain(Object.assign(new Error(message), {code})))
    assert.is(error.code, 'runtime_error')
    assert.match(error.message, /^The daemon on .*daemon\.sock ended or closed the connection\.$/)
    assert.match(error.hint ?? '', /^Check with wnn status whether a daemon runs/)
  }
})

test('that nobody takes is not running', async (t) => {
  const connection = new DaemonConnection(path.join(temporaryFolder(t), 'daemon.sock'))
  await rejects(connection.json('GET', '/status'), 'not_running', /No daemon listens on/)
})
