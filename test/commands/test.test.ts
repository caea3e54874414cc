import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {captureOutput} from '@oclif/test'
import * as assert from 'uvu/assert'
import Test from '../../src/commands/test.js'
import type {RunReport} from '../../src/suites/index.js'
import {qwen} from '../support/fixtures.js'
import {enginesOf} from '../support/processes.js'
import {suite, type TestContext} from '../support/suite.js'
import {parseXml} from '../support/xml.js'

const test = suite('wnn test', {timeoutMs: 60_000})
const root = path.join(import.meta.dirname, '../..')
const hello = path.join(root, 'suites/examples/hello.yaml')

interface Ended {
  stdout: string
  stderr: string
  exitCode: number
}

async function wnnTest(...argv: string[]): Promise<Ended> {
  try {
    const {stdout, stderr, error} = await captureOutput(() => Test.run(argv, root))
    return {stdout, stderr, exitCode: error?.oclif?.exit ?? Number(process.exitCode ?? 0)}
  } finally {
    // The command sets it for its own process, which here is the test's.
    process.exitCode = undefined
  }
}

/** A file with a suite of one scenario that asks qwen one question. */
async function suiteFile(t: TestContext, expected: string, more = ''): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'wnn-command-'))
  t.after(() => rm(folder, {recursive: true}))
  const file = path.join(folder, 'a.yaml')
  const steps = `[{load_by_name: qwen}, {init_execution_context: }, {run_inference: Hello!, expect: {text: '${expected}'}}]`
  const config = 'config: {temp: 0, repeat_penalty: 1, threads: 1}'
  await writeFile(
    file,
    `suite: s\nmodels: {qwen: ${qwen}}\nscenarios:\n- {id: 1, name: n, ${config}, steps: ${steps}}\n${more}`,
  )
  return file
}

test('a suite that passes exits 0, and in a log each scenario has one line', async () => {
  const {stdout, stderr, exitCode} = await wnnTest(hello)
  assert.is(exitCode, 0)
  assert.match(stdout, /✔ hello-1 .*\n[^]*3 passed, 0 failed in/)
  assert.is(stdout.match(/hello-1 /g)?.length, 1)
  assert.is(stderr, '')
  assert.equal(enginesOf(), [])
})

test('a scenario that fails exits 4 and shows expected, actual and place', async (t) => {
  const file = await suiteFile(t, 'Goodbye!')
  const {stdout, exitCode} = await wnnTest(file)
  assert.is(exitCode, 4)
  assert.match(stdout, /expected {2}"Goodbye!"\n\s+actual {4}Hello! How can I help you\?\n\s+at .*a\.yaml:4:\d+/)
})

test('a file that is no suite exits 2, and nothing is run', async (t) => {
  const file = await suiteFile(t, 'Goodbye!', '- {id: 1, name: m, steps: []}')
  const {stdout, stderr, exitCode} = await wnnTest(hello, file)
  assert.is(exitCode, 2)
  assert.match(stderr, /a\.yaml:5:\d+ scenarios\[1\]\.steps/)
  assert.is(stdout, '')
  assert.is((await wnnTest('/no/such.yaml')).exitCode, 2)
})

for (const flag of [
  '--filter=/(/',
  '--shard=3/2',
  '--model=qwen',
  '--model=other=x.gguf',
  '--retries=-1',
  '--no-such',
]) {
  test(`${flag} exits 2`, async () => {
    assert.is((await wnnTest(hello, flag)).exitCode, 2)
  })
}

test('a selection that leaves nothing exits 6', async () => {
  assert.is((await wnnTest(hello, '--filter', 'no such scenario')).exitCode, 6)
})

test('an engine that does not start exits 3', async (t) => {
  const file = await suiteFile(t, 'x')
  const text = await readFile(file, 'utf8')
  // The name of its tokenizer becomes one that llama.cpp does not know.
  const patch = '{after: tokenizer.ggml.model, skip: 12, base64: Z3B0OQ==}'
  await writeFile(file, text.replace('load_by_name: qwen', `load: {model: qwen, patch: ${patch}}`))
  assert.is((await wnnTest(file)).exitCode, 3)
})

test('--json prints the report, and no progress', async () => {
  const {stdout, stderr} = await wnnTest(hello, '--json', '--filter', 'hello-1')
  const report = JSON.parse(stdout) as RunReport
  assert.equal([report.summary.total, report.summary.passed, report.results[0]?.id], [1, 1, 'hello-1'])
  assert.is(stderr, '')
})

test('--output writes the report of the chosen form, and the list still goes to stdout', async (t) => {
  const file = await suiteFile(t, 'Hello! How can I help you?')
  const output = path.join(path.dirname(file), 'report.xml')
  const {stdout} = await wnnTest(file, '--reporter', 'junit', '--output', output)
  assert.is(parseXml(await readFile(output, 'utf8')).attributes.tests, '1')
  assert.match(stdout, /1 passed/)
  assert.is(stdout.match(/✔ +1 n/g)?.length, 1)
})

test('a report of another form has progress beside it on stderr', async (t) => {
  const file = await suiteFile(t, 'Hello! How can I help you?')
  const {stdout, stderr} = await wnnTest(file, '--reporter', 'tap')
  assert.match(stdout, /^TAP version 14\n1\.\.1\nok 1 - 1 n\n/)
  assert.match(stderr, /^ +✔ +1 n /)
})

test('github marks a failure by its path from GITHUB_WORKSPACE', async (t) => {
  const file = await suiteFile(t, 'Goodbye!')
  const before = process.env['GITHUB_WORKSPACE']
  t.after(() =>
    before === undefined ? delete process.env['GITHUB_WORKSPACE'] : (process.env['GITHUB_WORKSPACE'] = before),
  )
  process.env['GITHUB_WORKSPACE'] = path.dirname(path.dirname(file))
  const {stdout} = await wnnTest(file, '--reporter', 'github')
  assert.is(stdout.match(/✘ +1 n/g)?.length, 1)
  assert.match(stdout, new RegExp(`^::error file=${path.basename(path.dirname(file))}/a\\.yaml,line=`, 'm'))
})

test('a failure in GitHub Actions without a chosen reporter hints at annotations, once', async (t) => {
  const [good, bad] = [await suiteFile(t, 'Hello! How can I help you?'), await suiteFile(t, 'Goodbye!')]
  const before = process.env['GITHUB_ACTIONS']
  t.after(() =>
    before === undefined ? delete process.env['GITHUB_ACTIONS'] : (process.env['GITHUB_ACTIONS'] = before),
  )
  const hint = 'Use --reporter github to get annotations.\n'
  process.env['GITHUB_ACTIONS'] = 'true'
  assert.is((await wnnTest(bad)).stderr, hint)
  assert.is((await wnnTest(good)).stderr, '')
  assert.is((await wnnTest(bad, '--reporter', 'list')).stderr, '')
  assert.is((await wnnTest(bad, '--json')).stderr, '')
  delete process.env['GITHUB_ACTIONS']
  assert.is((await wnnTest(bad)).stderr, '')
})

test('--model replaces a model of the suites', async () => {
  const {exitCode} = await wnnTest(hello, '--model', `qwen=${qwen.replace('chat', 'chat-q8_0')}`, '--filter', 'hello-1')
  assert.is(exitCode, 0)
})

test('SIGINT ends the run with 130, and no engine stays', async (t) => {
  const file = await suiteFile(t, 'x')
  const text = await readFile(file, 'utf8')
  const long =
    '{run_inference: {text: Tell me a long story., options: {ignore_eos: true, max_tokens: -1, max_time_ms: 0}}, expect: {text: a}}'
  await writeFile(file, text.replace(/\{run_inference.*\}\]/, `${long}]`))
  const command = path.join(root, 'test/support/run-test-command.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', command, file], {stdio: ['ignore', 'pipe', 'pipe']})
  t.after(() => child.kill('SIGKILL'))
  const {pid = 0} = child
  while (enginesOf(pid).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  const [engine = 0] = enginesOf(pid)
  child.kill('SIGINT')
  const [code] = (await once(child, 'close')) as [number | null]
  assert.is(code, 130)
  assert.throws(() => process.kill(engine, 0), /ESRCH/)
})

test('--trace writes the calls of all backends, and the suite passes as without', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'wnn-command-'))
  t.after(() => rm(folder, {recursive: true}))
  const trace = path.join(folder, 'calls.jsonl')
  const {exitCode} = await wnnTest(await suiteFile(t, 'Hello! How can I help you?'), '--trace', trace)
  assert.is(exitCode, 0)
  const lines = (await readFile(trace, 'utf8')).trim().split('\n')
  const calls = lines.map((line) => (JSON.parse(line) as {call: string}).call)
  assert.equal(calls.slice(0, 3), ['load_by_name', 'init_execution_context', 'run_inference'])
  assert.is(calls.at(-1), 'deinit_backend')
})

test('--runtime rejects what is for suites only', async () => {
  for (const extra of [[hello], ['--filter', '1'], ['--bail'], ['--trace', 'calls.jsonl']]) {
    const {exitCode} = await wnnTest('--runtime', 'true {guest}', ...extra)
    assert.is(exitCode, 2)
  }
})
