import {chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {NnError} from '../../src/errors.js'
import {checkOwnFolder, makeOwnFolder} from '../../src/system/own-folder.js'
import {socketPath, whyNotRuntime} from '../../src/rpc/socket-path.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('where the socket is')

test('as given, in the environment, in the runtime folder, or among temporary files', (t) => {
  const runtime = temporaryFolder(t)
  const env = {WNN_SOCKET: '/a/b.sock', XDG_RUNTIME_DIR: runtime}
  assert.is(socketPath('/x/y.sock', env), '/x/y.sock')
  assert.is(socketPath('y.sock', env), path.resolve('y.sock'))
  assert.is(socketPath(undefined, env), '/a/b.sock')
  assert.is(socketPath(undefined, {XDG_RUNTIME_DIR: runtime}), path.join(runtime, 'wnn/daemon.sock'))
  const own = path.join(os.tmpdir(), `wnn-${os.userInfo().uid}`, 'daemon.sock')
  assert.is(socketPath(undefined, {}), own)
  assert.is(socketPath(undefined, {XDG_RUNTIME_DIR: 'relative', WNN_SOCKET: ''}), own)
})

test('a runtime folder that cannot be used is not, and a reason says so', (t) => {
  const folder = temporaryFolder(t)
  const [file, loop, uid] = [path.join(folder, 'file'), path.join(folder, 'loop'), os.userInfo().uid]
  writeFileSync(file, '')
  symlinkSync(loop, loop)
  const unusable: [runtime: string, why: RegExp][] = [
    [path.join(folder, 'none'), /none does not exist/],
    [file, /is not a folder/],
    [path.join(file, 'below'), /ENOTDIR/],
    [loop, /ELOOP/],
    ['/'.padEnd(9000, 'x'), /ENAMETOOLONG/],
  ]
  for (const [runtime, why] of unusable) {
    const env = {XDG_RUNTIME_DIR: runtime}
    assert.is(socketPath(undefined, env), path.join(os.tmpdir(), `wnn-${uid}`, 'daemon.sock'))
    assert.match(whyNotRuntime(env) ?? '', why)
  }
  const env = {XDG_RUNTIME_DIR: folder}
  assert.is(socketPath(undefined, env, uid + 1), path.join(os.tmpdir(), `wnn-${uid + 1}`, 'daemon.sock'))
  assert.match(whyNotRuntime(env, uid + 1) ?? '', /belongs to another user/)
  assert.equal(
    [whyNotRuntime(env), whyNotRuntime({}), whyNotRuntime({XDG_RUNTIME_DIR: 'relative'})],
    Array(3).fill(undefined),
  )
})

test('a folder that cannot be looked at is refused with a sentence', (t) => {
  const folder = temporaryFolder(t)
  const [file, loop] = [path.join(folder, 'file'), path.join(folder, 'loop')]
  writeFileSync(file, '')
  symlinkSync(loop, loop)
  for (const place of [path.join(file, 'a/socket'), path.join(loop, 'a/socket'), `/${'x'.repeat(5000)}/socket`]) {
    assert.throws(
      () => checkOwnFolder(place),
      (error: unknown) => error instanceof NnError && error.reason === 'file_unusable' && error.hint !== undefined,
    )
  }
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
