import {execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {cli, runCli} from '../support/run-cli.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('pipes and devices as files', {timeoutMs: 30_000})

/** A pipe that nobody reads or writes. */
function pipeIn(t: TestContext): string {
  const pipe = path.join(temporaryFolder(t), 'pipe.yaml')
  execFileSync('mkfifo', [pipe])
  return pipe
}

const commands: [what: string, argv: (file: string) => string[]][] = [
  ['a configuration', (file) => ['chat', qwen, '--config', file, '-p', 'x']],
  ['a suite', (file) => ['test', file]],
  ['a template', (file) => ['batch', '-', '--model', qwen, '--template', file, '--output', `${file}.jsonl`]],
  ['a key', (file) => ['serve', '--port', '0', '--api-key-file', file]],
  ['messages', (file) => ['render', qwen, '--messages', file]],
  ['a result of wnn bench', (file) => ['bench', qwen, '--baseline', file]],
  ['a log', (file) => ['chat', qwen, '-p', 'x', '--set', `logging.file=${file}`]],
  ['an input', (file) => ['batch', file, '--model', qwen, '--output', `${file}.jsonl`]],
  ['an output', (file) => ['batch', '-', '--model', qwen, '--output', file]],
  ['a report', (file) => ['test', 'suites/examples', '--reporter', 'junit', '--output', file]],
  ['a result', (file) => ['bench', qwen, '--output', file, '--format', 'json']],
  ['a model', (file) => ['chat', file, '-p', 'x']],
]
/** Some of them wait for a writer, so they run at the same time. */
async function areErrors(t: TestContext, some: typeof commands): Promise<void> {
  const runs = some.map(async ([what, argv]) => {
    const {code, stderr, left} = await runCli(argv(pipeIn(t)), {input: '{"prompt": "x"}\n'})
    assert.is(code, 2, `${what}: ${stderr}`)
    assert.match(stderr, /^error: (?!Unknown).*pipe/, what)
    // The folder of the daemon's socket stays.
    assert.equal(left.filter((name) => name !== 'd').join(), '', what)
  })
  await Promise.all(runs)
}

test('a pipe that nobody writes is an error, not a hang', (t) => areErrors(t, commands.slice(0, 6)))
test('so is a pipe to write into, or to read twice', (t) => areErrors(t, commands.slice(6)))

for (const device of ['/dev/zero', '/dev/urandom']) {
  test(`${device} as a configuration or a key is an error`, async () => {
    for (const argv of [commands[0], commands[3]].map((each) => each?.[1](device) ?? [])) {
      const {code, stderr} = await runCli(argv)
      assert.is(code, 2, stderr)
      assert.match(stderr, /\/dev\/\w+ is too large/)
    }
  })
}

/** What a command line of bash shows. In it, `$0 $1` is this command, and `$2` the model. */
async function inBash(command: string): Promise<string> {
  const child = spawn('bash', ['-c', command, process.execPath, cli, qwen], {stdio: ['ignore', 'pipe', 'inherit']})
  let text = ''
  child.stdout.on('data', (data: Buffer) => (text += data.toString()))
  assert.equal(await once(child, 'close'), [0, null])
  return text
}

test('a configuration may come from a program, and from standard input', async () => {
  const raw = 'model: {prompt_mode: raw}'
  assert.is(await inBash(`$0 $1 render $2 --prompt Hello --config <(sleep 0.2; echo '${raw}') 2>/dev/null`), 'Hello')
  assert.is(await inBash(`echo '${raw}' | $0 $1 render $2 --prompt Hello --config /dev/stdin 2>/dev/null`), 'Hello')
})

test('a report may go to a program, and to standard output', async () => {
  const suites = `$0 $1 test suites/examples/hello.yaml --reporter tap`
  assert.match(await inBash(`${suites} --output >(grep -c '^ok') 2>/dev/null; wait $!`), /^[1-9]\d*$/m)
  assert.match(await inBash(`${suites} --output /dev/stdout 2>/dev/null | cat`), /^TAP version 14$/m)
})
