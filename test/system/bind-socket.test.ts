import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import type net from 'node:net'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {bindSocket, type BoundSocket} from '../../src/system/bind-socket.js'
import {connectSocket} from '../../src/system/connect-socket.js'
import {rejects} from '../support/rejects.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('bound sockets', {timeoutMs: 20_000})

for (const [what, below] of [
  ['a path', ''],
  ['a path that is longer than an address', 'long-'.repeat(40)],
] as const) {
  test(`${what} is bound once, connected to, and free again afterwards`, async (t) => {
    const folder = path.join(temporaryFolder(t), below)
    mkdirSync(folder, {recursive: true})
    const file = path.join(folder, 'socket')
    const before = shortcuts()
    const bound = await bind(t, file)
    assert.is(statSync(file).mode & 0o777, 0o600)
    await rejects(bindSocket(file, refuse, 'Somebody is there.'), 'invalid_argument', /^Somebody is there\.$/)
    const connection = await connectSocket(file)
    connection.destroy()
    await bound[Symbol.asyncDispose]()
    assert.not.ok(existsSync(file))
    const again = await bind(t, file)
    await again[Symbol.asyncDispose]()
    assert.equal(readdirSync(folder), [])
    assert.equal(shortcuts(), before)
  })
}

test('the socket of a process that was killed is taken over, by one of those who try', async (t) => {
  const file = path.join(temporaryFolder(t), 'socket')
  await killedHolder(t, file)
  assert.ok(statSync(file).isSocket())
  const tries = await Promise.allSettled(Array.from({length: 8}, () => bind(t, file)))
  assert.is(tries.filter(({status}) => status === 'fulfilled').length, 1)
  assert.equal(readdirSync(path.dirname(file)), ['socket'])
})

test('processes that take a stale socket over at the same time exclude each other', async (t) => {
  const file = path.join(temporaryFolder(t), 'socket')
  await killedHolder(t, file)
  const said = await Promise.all(Array.from({length: 4}, () => holder(t, file).said))
  assert.equal(said.sort(), ['bound', 'refused', 'refused', 'refused'])
  assert.equal(readdirSync(path.dirname(file)), ['socket'])
})

test('a file that is no socket is refused and stays', async (t) => {
  const file = path.join(temporaryFolder(t), 'socket')
  writeFileSync(file, 'precious')
  await rejects(bindSocket(file, refuse), 'invalid_argument', /exists and is not a socket; it was not changed/)
  assert.is(readFileSync(file, 'utf8'), 'precious')
})

test('a folder that is missing is told', async (t) => {
  const file = path.join(temporaryFolder(t), 'none', 'socket')
  await rejects(bindSocket(file, refuse), 'invalid_argument', /cannot be bound: .*E(ACCES|NOENT)/)
})

test('another name of a socket that listens is no stale one', async (t) => {
  const folder = temporaryFolder(t)
  await bind(t, path.join(folder, 'socket'))
  linkSync(path.join(folder, 'socket'), path.join(folder, 'other'))
  await rejects(bindSocket(path.join(folder, 'other'), refuse), 'invalid_argument', /in use/)
})

function refuse(connection: net.Socket): void {
  connection.destroy()
}

async function bind(t: TestContext, file: string): Promise<BoundSocket> {
  const bound = await bindSocket(file, refuse)
  t.after(() => (bound.server.listening ? bound[Symbol.asyncDispose]() : undefined))
  return bound
}

function shortcuts(): string[] {
  return readdirSync(tmpdir()).filter((name) => /^wnn-.{6}$/.test(name))
}

/** A process that binds the socket, says so, and stays until it is killed. */
function holder(t: TestContext, file: string) {
  const script = fileURLToPath(new URL('../backend/support/hold-socket.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, file], {stdio: ['pipe', 'pipe', 'inherit']})
  t.after(async () => {
    const closed = once(child, 'close')
    if (child.kill('SIGKILL')) await closed
  })
  const said = once(child.stdout, 'data').then(([data]: unknown[]) => String(data).trim())
  return {child, said}
}

async function killedHolder(t: TestContext, file: string): Promise<void> {
  const {child, said} = holder(t, file)
  assert.is(await said, 'bound')
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
