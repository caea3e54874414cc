import {chmodSync, mkdirSync, statSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {NnError} from '../../src/errors.js'
import {checkOwnFolder, makeOwnFolder} from '../../src/system/own-folder.js'
import {socketPath} from '../../src/rpc/socket-path.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('where the socket is')

test('as given, in the environment, in the runtime folder, or among temporary files', () => {
  const env = {WNN_SOCKET: '/a/b.sock', XDG_RUNTIME_DIR: '/run/user/7'}
  assert.is(socketPath('/x/y.sock', env), '/x/y.sock')
  assert.is(socketPath('y.sock', env), path.resolve('y.sock'))
  assert.is(socketPath(undefined, env), '/a/b.sock')
  assert.is(socketPath(undefined, {XDG_RUNTIME_DIR: '/run/user/7'}), '/run/user/7/wnn/daemon.sock')
  const own = path.join(os.tmpdir(), `wnn-${os.userInfo().uid}`, 'daemon.sock')
  assert.is(socketPath(undefined, {}), own)
  assert.is(socketPath(undefined, {XDG_RUNTIME_DIR: 'relative', WNN_SOCKET: ''}), own)
})

function security(check: () => void, message: RegExp): void {
  assert.throws(
    check,
    (error: unknown) => error instanceof NnError && error.code === 'security' && message.test(error.message),
  )
}

test('a folder is made for its owner alone; another user’s or an open one is refused', (t) => {
  const file = path.join(temporaryFolder(t), 'a', 'b', 'socket')
  makeOwnFolder(file)
  assert.is(statSync(path.dirname(file)).mode & 0o777, 0o700)
  security(() => checkOwnFolder(file, os.userInfo().uid + 1), /belongs to another user/)
  chmodSync(path.dirname(file), 0o750)
  security(() => makeOwnFolder(file), /is open to other users/)
})

test('a folder that does not exist does no harm', (t) => {
  const folder = path.join(temporaryFolder(t), 'own')
  checkOwnFolder(path.join(folder, 'none', 'socket'))
  mkdirSync(folder, {mode: 0o700})
  checkOwnFolder(path.join(folder, 'socket'))
})
