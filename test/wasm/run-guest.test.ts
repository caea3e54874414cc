import {mkdir, symlink, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {PassThrough} from 'node:stream'
import * as assert from 'uvu/assert'
import {initBackend, type LocalBackend} from '../../src/index.js'
import {bridgeNames} from '../../src/wasm/bridge/protocol.js'
import {compileGuest, readFolders} from '../../src/wasm/index.js'
import {canSuspend} from '../../src/wasm/webassembly.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {program, run, wat, type Run} from './support/guests.js'

const test = suite('runGuest', {timeoutMs: 20_000})

let backend: LocalBackend
test.before(async () => (backend = await initBackend()))
test.after(() => backend.deinit())

const exitWith = (code: string): string => `(call $proc_exit (${code}))`
/** Writes the iovec at 0 to a file. */
const write = (fd: number): string => `(call $fd_write (i32.const ${fd}) (i32.const 0) (i32.const 1) (i32.const 8))`
const read = '(call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))'
const data = '(memory.fill (i32.const 1024) (i32.const 97) (i32.const 16))'

const kindOf = ({result}: Run): string => (result.kind === 'stopped' ? result.why : result.kind)

for (const bridge of bridgeNames) {
  const how = `(${bridge})`
  const only = (t: {skip: (why: string) => never}): void => {
    if (bridge === 'suspend' && !canSuspend()) t.skip('this Node.js cannot suspend guests')
  }

  test(`a program exits with its code, and both outputs are complete ${how}`, async (t) => {
    only(t)
    const guest = await program(
      `${data} (drop ${write(1)}) (drop ${write(2)}) (drop ${write(1)}) ${exitWith('i32.const 7')}`,
    )
    const {result, stdout, stderr} = await run(guest, backend, {bridge})
    assert.is(result.kind === 'exit' && result.code, 7)
    assert.equal([stdout, stderr], ['a'.repeat(32), 'a'.repeat(16)])
    assert.ok(result.isGone)
  })

  test(`a program that returns has exit code 0 ${how}`, async (t) => {
    only(t)
    const {result} = await run(await program(''), backend, {bridge})
    assert.is(result.kind === 'exit' && result.code, 0)
  })

  test(`a program that traps or recurses without end ends with a trap ${how}`, async (t) => {
    only(t)
    assert.is(kindOf(await run(await program('unreachable'), backend, {bridge})), 'trap')
    const recursive = await wat('(func $again (call $again) (call $again)) (func (export "_start") (call $again))')
    assert.is(kindOf(await run(recursive, backend, {bridge})), 'trap')
    const divided = await program('(drop (i32.div_u (i32.const 1) (i32.const 0)))')
    const {result} = await run(divided, backend, {bridge})
    assert.match(result.kind === 'trap' ? result.message : '', /zero/)
  })

  test(`a program that loops is ended at the time limit, and by a signal ${how}`, async (t) => {
    only(t)
    const guest = await program('(loop (br 0))')
    const {result} = await run(guest, backend, {bridge, timeoutMs: 100})
    assert.is(result.kind === 'stopped' && result.why, 'timeout')
    assert.ok(result.isGone)
    assert.is(kindOf(await run(guest, backend, {bridge, signal: AbortSignal.timeout(50)})), 'interrupted')
  })

  test(`a program that writes without end is ended at the limit, with all bytes before it ${how}`, async (t) => {
    only(t)
    const guest = await program(`${data} (loop (drop ${write(1)}) (br 0))`)
    const run_ = await run(guest, backend, {bridge, maxOutputBytes: 100})
    assert.is(kindOf(run_), 'output')
    assert.is(run_.stdout, 'a'.repeat(100))
  })

  test(`a program that sleeps is ended at the time limit; a short sleep ends on its own ${how}`, async (t) => {
    only(t)
    const sleep = (ns: number): Promise<Uint8Array> =>
      program(`(i64.store (i32.const 2072) (i64.const ${ns})) (i32.store (i32.const 2064) (i32.const 1))
        (drop (call $poll_oneoff (i32.const 2048) (i32.const 3072) (i32.const 1) (i32.const 8)))
        ${exitWith('i32.load (i32.const 8)')}`)
    assert.is(kindOf(await run(await sleep(3_600_000_000_000), backend, {bridge, timeoutMs: 50})), 'timeout')
    const {result} = await run(await sleep(20_000_000), backend, {bridge})
    assert.is(result.kind === 'exit' && result.code, 1)
    assert.ok(result.durationMs >= 20)
  })

  test(`a program that waits for input gets it when it comes ${how}`, async (t) => {
    only(t)
    const input = new PassThrough()
    const guest = await program(
      `(drop ${write(2)}) (drop ${read}) (drop ${write(1)}) ${exitWith('i32.load (i32.const 8)')}`,
    )
    const {result, stdout} = await run(guest, backend, {
      ...{bridge, input, stderr: {write: () => Promise.resolve(void input.end('0123456789'))}},
    })
    assert.is(result.kind === 'exit' && result.code, 16)
    assert.is(stdout.slice(0, 10), '0123456789')
  })
}

test('a program that reads the end of its input for ever is ended, also if it writes a prompt each time', async () => {
  assert.is(kindOf(await run(await program(`(loop (drop ${read}) (br 0))`), backend)), 'input')
  const prompts = await run(await program(`(loop (drop ${write(1)}) (drop ${read}) (br 0))`), backend)
  assert.is(kindOf(prompts), 'input')
  assert.is(prompts.stdout.length, 10 * 16)
})

test('a program that reads the end of its input some times is not', async () => {
  const {result} = await run(await program(`${`(drop ${read})`.repeat(20)} ${exitWith('i32.const 3')}`), backend)
  assert.is(result.kind === 'exit' && result.code, 3)
})

for (const how of ['exits', 'loops', 'traps'] as const) {
  test(`in a process of its own, a program that ${how} ends in the same way`, async () => {
    const code = {
      exits: `${data} (drop ${write(1)}) ${exitWith('i32.const 7')}`,
      loops: '(loop (br 0))',
      traps: 'unreachable',
    }
    const one = await run(await program(code[how]), backend, {isolate: true, timeoutMs: how === 'loops' ? 3000 : 0})
    assert.is(kindOf(one), {exits: 'exit', loops: 'timeout', traps: 'trap'}[how])
    assert.is(one.stdout, how === 'exits' ? 'a'.repeat(16) : '')
    assert.ok(one.result.isGone)
  })
}

test('memory cannot grow above the limit, and the end says how large it was', async () => {
  const guest = await program(
    `(local i32) (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) ${exitWith('i32.const 9')}`,
  )
  const {result} = await run(guest, backend, {limitMb: 8})
  assert.is(result.kind === 'exit' && result.code, 9)
  assert.ok((result.memoryBytes ?? 0) > 7 * 1024 * 1024 && (result.memoryBytes ?? 0) <= 8 * 1024 * 1024)
})

test('signals that a program raises end only it', async () => {
  const {result} = await run(await program('(drop (call $proc_raise (i32.const 9)))'), backend)
  assert.is(result.kind === 'exit' && result.code, 137)
})

test('a program cannot change the standard files of the command', async () => {
  const attempts: [call: string, errno: number][] = [
    ['(call $fd_pwrite (i32.const 1) (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 8))', 70],
    ['(call $fd_filestat_set_size (i32.const 1) (i64.const 0))', 58],
    ['(call $fd_renumber (i32.const 1) (i32.const 2))', 58],
    ['(call $fd_close (i32.const 1))', 0],
    [`(drop (call $fd_close (i32.const 1))) ${write(1)}`, 8],
    [`(drop (call $fd_close (i32.const 0))) ${read}`, 8],
    [write(0), 8],
    ['(call $fd_read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))', 8],
  ]
  for (const [call, errno] of attempts) {
    const code = `(local $errno i32) (local.set $errno ${call.replace(/^\(drop [^$]*\$\w+ \(i32.const \d\)\)\) /, '')}) ${exitWith('local.get $errno')}`
    const before = /^\(drop [^$]*\$\w+ \(i32.const \d\)\)\) /.exec(call)?.[0] ?? ''
    const {result} = await run(await program(code.replace('(local.set', `${before}(local.set`)), backend)
    assert.is(result.kind === 'exit' && result.code, errno, call)
  }
})

test('addresses outside of the memory are an errno', async () => {
  for (const call of [
    '(call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8))',
    '(call $fd_write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 8))',
    '(call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 65533))',
    '(call $fd_read (i32.const 0) (i32.const 65536) (i32.const 1) (i32.const 8))',
    '(call $poll_oneoff (i32.const 65530) (i32.const 0) (i32.const 1) (i32.const 8))',
  ]) {
    const {result} = await run(await program(`(call $proc_exit ${call})`), backend, {input: 'x'})
    assert.is(result.kind === 'exit' && result.code, 21, call)
  }
})

test('a program opens files in its folders only, not by .., by an absolute path or by a link', async (t) => {
  const folder = temporaryFolder(t)
  await mkdir(path.join(folder, 'inner'))
  await writeFile(path.join(folder, 'secret'), 'secret')
  await writeFile(path.join(folder, 'inner/open'), 'open')
  await symlink(path.join(folder, 'secret'), path.join(folder, 'inner/link'))
  const open = async (name: string, dirs: string[]): Promise<number> => {
    const guest = await wat(`(data (i32.const 4096) "${name}")
      (func (export "_start") (call $proc_exit (call $path_open (i32.const 3) (i32.const 1) (i32.const 4096)
        (i32.const ${name.length}) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8))))`)
    const {result} = await run(guest, backend, {folders: readFolders(dirs)})
    return result.kind === 'exit' ? result.code : -1
  }
  const inner = [`${path.join(folder, 'inner')}::/data`]
  assert.is(await open('open', inner), 0)
  for (const name of ['../secret', path.join(folder, 'secret'), 'link', 'x/../../secret']) {
    assert.is.not(await open(name, inner), 0, name)
  }
  assert.is(await open('open', []), 8)
})

test('what cannot run is rejected before it starts, and the message says why', async () => {
  const cases: [guest: Uint8Array, message: RegExp][] = [
    [Buffer.from('#!/bin/sh'), /not a WebAssembly module/],
    [Buffer.from('\0asm\x0d\0\x01\0'), /is a component/],
    [Buffer.from('\0asm\x02\0\0\0'), /version 2/],
    [Buffer.from('\0asm\x01\0\0\0\x01'), /broken number|cannot be compiled/],
    [await wat(''), /no function _start/],
    [await program('', {imports: '(import "env" "now" (func))'}), /does not have: env\.now\. */],
    [await program('', {imports: '(import "wasi_ephemeral_nn" "train" (func))'}), /wasi_ephemeral_nn\.train/],
    [await program('', {memory: '2000'}), /needs 125 MiB of memory; 64 MiB are allowed/],
  ]
  for (const [guest, message] of cases) {
    const error = await compileGuest(guest, 64 * 1024 * 1024).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    )
    assert.match(error?.message ?? 'nothing was thrown', message)
  }
})

const withheld = ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'] as const
const parameters: Readonly<Record<(typeof withheld)[number], string>> = {
  sock_accept: 'i32 i32 i32',
  sock_recv: 'i32 i32 i32 i32 i32 i32',
  sock_send: 'i32 i32 i32 i32 i32',
  sock_shutdown: 'i32 i32',
}
for (const name of withheld) {
  test(`${name} on a standard file is an error of the guest, and ends nobody`, async () => {
    const imports = `(import "wasi_snapshot_preview1" "${name}" (func $sock (param ${parameters[name]}) (result i32)))`
    for (const fd of [0, 1, 2]) {
      const others = '(i32.const 0) '.repeat(parameters[name].split(' ').length - 1)
      const {result} = await run(await program(exitWith(`call $sock (i32.const ${fd}) ${others}`), {imports}), backend)
      assert.is(result.kind === 'exit' && result.code, 58)
    }
  })
}

test('a program cannot make a link, which could lead out of its folder', async (t) => {
  const imports =
    '(import "wasi_snapshot_preview1" "path_symlink" (func $link (param i32 i32 i32 i32 i32) (result i32))) (data (i32.const 64) "..a")'
  const code = exitWith('call $link (i32.const 64) (i32.const 2) (i32.const 3) (i32.const 66) (i32.const 1)')
  const folder = temporaryFolder(t)
  const {result} = await run(await program(code, {imports}), backend, {folders: readFolders([`${folder}::/data`])})
  assert.is(result.kind === 'exit' && result.code, 76)
})
