import {readFileSync} from 'node:fs'
import {writeFile} from 'node:fs/promises'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {runCli, type CliOptions, type CliResult} from '../support/run-cli.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {program, wat} from '../wasm/support/guests.js'

const test = suite('wnn run', {timeoutMs: 30_000})
const chat = fileURLToPath(new URL('../../fixtures/guests/chat.wasm', import.meta.url))
const greedy = ['--nn-preload', `default:GGML:AUTO:${qwen}`, '--set', 'temp=0', '--set', 'repeat_penalty=1']

const questions = 'Hello!\nWhat is 4 + 5?\n'
const answers = 'Hello! How can I help you?\n4 + 5 = 9.\n'

async function guestFile(t: TestContext, bytes: Uint8Array): Promise<string> {
  const file = path.join(temporaryFolder(t), 'guest.wasm')
  await writeFile(file, bytes)
  return file
}

const wnn = (argv: string[], options?: CliOptions): Promise<CliResult> => runCli(['run', ...argv], options)

test('a chat in WebAssembly answers, and nothing is left', async () => {
  const {left, ...ended} = await wnn([chat, ...greedy], {input: questions})
  assert.equal(ended, {code: 0, stdout: answers, stderr: ''})
  assert.equal(left, [])
})

test('token by token the answers are the same', async () => {
  const {code, stdout} = await wnn([chat, ...greedy, '--env', 'STREAM=1', '--', 'default'], {input: questions})
  assert.equal([code, stdout], [0, answers])
})

test('in the daemon the answers are the same, and a daemon that was started is stopped', async () => {
  const {left, ...ended} = await wnn([chat, ...greedy, '--via', 'daemon'], {input: questions})
  assert.equal(ended, {code: 0, stdout: answers, stderr: ''})
  assert.equal(
    left.filter((one) => one.startsWith('process')),
    [],
  )
})

test('--json has the output, the end and the number of calls', async () => {
  const {code, stdout, stderr} = await wnn([chat, ...greedy, '--json'], {input: 'Hello!\n'})
  const {duration_ms: duration, memory_bytes: memory, ...result} = JSON.parse(stdout) as Record<string, unknown>
  assert.equal(result, {
    exit_code: 0,
    end: 'exit',
    stdout: 'Hello! How can I help you?\n',
    stderr: '',
    calls: 7,
    failed_calls: 0,
  })
  assert.equal([code, stderr, typeof duration, typeof memory], [0, '', 'number', 'number'])
})

test('a guest that sets stream-stdout gets its answers written between its own output', async () => {
  const config = JSON.stringify({'stream-stdout': true})
  const {code, stdout} = await wnn([chat, ...greedy, '--env', `CONFIG=${config}`], {input: questions})
  assert.is(code, 0)
  assert.is(stdout, answers.replaceAll(/(.*)\n/g, '$1$1\n'))
})

test('an unknown name and a missing file are named, with the exit code of the program', async () => {
  const unknown = await wnn([chat, ...greedy, '--', 'other'])
  assert.is(unknown.code, 18)
  assert.match(unknown.stderr, /There is no preloaded model "other"\. Preloaded are: default\./)
  const missing = await wnn([chat, '--nn-preload', 'default:GGML:AUTO:/no/such.gguf'])
  assert.is(missing.code, 113)
  assert.match(missing.stderr, /^warning: --nn-preload default: there is no file \/no\/such\.gguf/)
  assert.match(missing.stderr, /gave 103 \(model_not_found\)/)
})

test('a panic has exit code 134, and the message of the program comes first', async (t) => {
  const guest = await program(
    '(drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) unreachable',
    {imports: '(data (i32.const 1024) "panic: no model\\0a")'},
  )
  const {code, stdout, stderr} = await wnn([await guestFile(t, guest)])
  assert.equal([code, stdout], [134, ''])
  assert.is(stderr, 'panic: no model\nwarning: The program trapped: unreachable.\n')
})

test('a program without end is ended at --timeout and by Ctrl-C', async (t) => {
  const loop = await guestFile(t, await program('(loop (br 0))'))
  const timeout = await wnn([loop, '--timeout', '200'])
  assert.equal([timeout.code, timeout.stderr], [3, 'warning: The program was ended after 200 ms (--timeout).\n'])
  const noisy = await guestFile(
    t,
    await program('(loop (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0))'),
  )
  let isInterrupted = false
  const interrupted = await wnn([noisy], {
    onStderr: (_, kill) => {
      // A second signal would end the command at once.
      if (!isInterrupted) kill('SIGINT')
      isInterrupted = true
    },
  })
  assert.equal([interrupted.code, interrupted.left], [130, []])
  const output = await wnn([noisy, '--max-output', '1'])
  assert.is(output.code, 3)
  assert.match(
    output.stderr,
    /\nwarning: The program was ended after 1 MiB of output \(--max-output\)\.\n$|ended after 1 MiB/,
  )
})

test('a program that takes all memory gets no more than --memory, which is named when it fails', async (t) => {
  const greedyGuest = await program(
    '(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (call $proc_exit (i32.const 9))',
  )
  const {code, stderr} = await wnn([await guestFile(t, greedyGuest), '--memory', '8'])
  assert.equal([code, stderr], [9, 'note: Its memory had 7.1 MiB of at most 8 MiB (--memory).\n'])
})

test('a program that a system call blocks is ended as well', async (t) => {
  const folder = temporaryFolder(t)
  await writeFile(path.join(folder, 'guest.wasm'), await wat(openGuest('pipe')))
  const {execFileSync} = await import('node:child_process')
  execFileSync('mkfifo', [path.join(folder, 'pipe')])
  const {code, stderr, left} = await wnn([
    ...[path.join(folder, 'guest.wasm'), '--dir', `${folder}::/`, '--timeout', '200'],
  ])
  assert.match(stderr, /blocked in a system call/)
  assert.is(code, null)
  assert.equal(
    left.filter((one) => one.startsWith('process')),
    [],
  )
  const isolated = await wnn([
    path.join(folder, 'guest.wasm'),
    '--dir',
    `${folder}::/`,
    '--timeout',
    '2000',
    '--isolate',
  ])
  assert.equal(isolated, {
    ...{code: 3, stdout: '', stderr: 'warning: The program was ended after 2000 ms (--timeout).\n', left: []},
  })
})

test('in a process of its own the answers are the same', async () => {
  const isolated = await wnn([chat, ...greedy, '--isolate'], {input: questions})
  assert.equal(isolated, {code: 0, stdout: answers, stderr: '', left: []})
})

test('--trace writes each call with its arguments and its result', async (t) => {
  const lines = path.join(temporaryFolder(t), 'calls.jsonl')
  await wnn([chat, ...greedy, '--trace', lines], {input: 'Hello!\n'})
  const calls = readFileSync(lines, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as {call: string; args: object; result: object; duration_ms: number})
  assert.equal(
    calls.map(({call}) => call),
    [
      'load_by_name',
      'init_execution_context',
      'set_input',
      'compute',
      'get_output',
      'finalize_execution_context',
      'unload',
    ],
  )
  assert.equal(calls[4]?.args, {context: 0, index: 0, size: 65_535})
  assert.equal(calls[4]?.result, {errno: 0, name: 'success', bytes: 26, text: 'Hello! How can I help you?'})
  assert.ok(calls.every(({duration_ms: ms}) => ms >= 0))
  const failing = path.join(temporaryFolder(t), 'calls.json')
  await wnn([chat, ...greedy, '--trace', failing, '--', 'other'])
  const [event] = JSON.parse(readFileSync(failing, 'utf8')) as {
    ph: string
    name: string
    args: {error: {code: string}}
  }[]
  assert.equal([event?.ph, event?.name, event?.args.error.code], ['X', 'load_by_name', 'not_found'])
  assert.is((await wnn([chat, '--trace', '/no/such/folder/t.jsonl'])).code, 2)
})

test('the arguments of the program arrive as they are, in their order', async (t) => {
  const imports = ['args_get', 'args_sizes_get'].map(
    (name) => `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param i32 i32) (result i32)))`,
  )
  // The texts lie at 1024 and are written whole: each ends with a NUL. The number of their bytes is at 4.
  const code = `(drop (call $args_sizes_get (i32.const 16) (i32.const 4))) (drop (call $args_get (i32.const 64) (i32.const 1024)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))`
  const guest = await guestFile(t, await program(code, {imports: imports.join('\n')}))
  for (const given of [
    ['a', 'x', 'a', 'x'],
    ['a', '--', 'b'],
    ['A=1', '--timeout', '5', 'guest.wasm', '-h'],
  ]) {
    const {code, stdout, stderr} = await wnn([guest, '--env', 'A=1', '--', ...given])
    assert.equal([code, stderr], [0, ''])
    assert.equal(stdout.split('\0').slice(0, -1), ['guest.wasm', ...given])
  }
  const {code: wrong, stderr} = await wnn([guest, 'a'])
  assert.is(wrong, 2)
  assert.match(stderr, /Unexpected argument: a/)
})

test('wrong flags are rejected before anything starts', async (t) => {
  const guest = await guestFile(t, await program(''))
  const cases: [argv: string[], message: RegExp][] = [
    [[], /The program is missing/],
    [['/no/such.wasm'], /cannot be read: there is no such file/],
    [[guest, '--nn-preload', 'x:GGML:AUTO'], /expected NAME:ENCODING:TARGET:PATH/],
    [[guest, '--nn-preload', 'x:GGUF:AUTO:y'], /the encoding "GGUF" is not one of/],
    [[guest, '--nn-preload', 'x:GGML:NPU:y'], /the target "NPU" is not one of/],
    [[guest, '--nn-preload', 'x:GGML:CPU:y', '--nn-preload', 'x:GGML:CPU:z'], /given twice/],
    [[guest, '--dir', '/no/such::/data'], /no such file or folder/],
    [[guest, '--dir', `${guest}::/data`], /not a folder/],
    [[guest, '--env', 'NAME'], /takes name=value/],
    [[guest, '--timeout', '3000000000'], /2147483647/],
    [[guest, '--set', 'ctx_size=x'], /ctx_size/],
    [[qwen], /not a WebAssembly module/],
  ]
  for (const [argv, message] of cases) {
    const {code, stdout, stderr} = await wnn(argv)
    assert.equal([code, stdout], [2, ''], argv.join(' '))
    assert.match(stderr, message)
  }
})

/** Opens a file of its folder for reading. */
function openGuest(name: string): string {
  return `(data (i32.const 4096) "${name}")
    (func (export "_start") (drop (call $path_open (i32.const 3) (i32.const 1) (i32.const 4096)
      (i32.const ${name.length}) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8))))`
}
