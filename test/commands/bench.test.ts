import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {checkResult, type BenchResult} from '../../src/bench/result.js'
import {DaemonHome} from '../daemon/support/daemon-home.js'
import {qwen} from '../support/fixtures.js'
import {runCli, type CliResult} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('wnn bench', {timeoutMs: 60_000})

/** Small, so that the tests are quick. */
const threads = ['--set', 'model.threads=1']
const small = ['-p', '32', '-n', '8', ...threads]
const prompts = ['-p', '32', '-n', '0', ...threads]

function read(file: string): BenchResult {
  const result: unknown = JSON.parse(readFileSync(file, 'utf8'))
  assert.ok(checkResult(result), JSON.stringify(checkResult.errors))
  return result as BenchResult
}

function ended(result: CliResult, code: number): void {
  assert.is(result.code, code, result.stderr)
  assert.equal(result.left, [])
}

test('a model is measured: the table on standard output, every form in files', async (t) => {
  const folder = temporaryFolder(t)
  const files = ['json', 'md', 'csv', 'html'].map((form) => path.join(folder, `result.${form}`))
  const outputs = files.flatMap((file) => ['--output', file])
  const result = await runCli(['bench', qwen, ...small, '-d', '0,64', '-r', '2', '--seed', '7', ...outputs])
  ended(result, 0)
  assert.match(result.stdout, /^tiny-qwen2-chat +qwen2, .*0\/5 layers on the GPU/)
  for (const name of ['pp32', 'pp32@d64', 'tg8', 'tg8@d64']) assert.match(result.stdout, new RegExp(`^${name} `, 'm'))
  const {complete, samples, series, settings, tests} = read(files[0] ?? '')
  assert.equal([complete, samples.length, series.length, settings.seed, tests.length], [true, 8, 8, 7, 4])
  assert.ok(samples.every(({requests}) => requests.every(({ended_early}) => !ended_early)))
  const tokens = samples.map(({requests}) => requests[0]?.prompt_tokens)
  assert.equal([...new Set(tokens)], [32, 96, 8, 64])
  assert.match(readFileSync(files[1] ?? '', 'utf8'), /^\| tg8@d64 \| tg, tokens\/s \|/m)
  assert.is(
    readFileSync(files[2] ?? '', 'utf8')
      .trimEnd()
      .split('\r\n').length,
    1 + 8,
  )
  const page = readFileSync(files[3] ?? '', 'utf8')
  for (const text of ['<h1>tiny-qwen2-chat</h1>', '<dd>0/5</dd>', '<b>pp32 · ttft</b>', '<b>tg8'])
    assert.ok(page.includes(text), text)
})

test('a run against itself is not worse; one against twice as much is, with exit code 5', async (t) => {
  const folder = temporaryFolder(t)
  const [before, after] = [path.join(folder, 'before.json'), path.join(folder, 'after.json')]
  ended(await runCli(['bench', qwen, ...prompts, '--output', before]), 0)
  const result = read(before)
  for (const series of result.series) {
    const factor = series.better === 'higher' ? 20 : 0.05
    series.values = series.values.map((value) => value * factor)
    series.summary.median *= factor
  }
  writeFileSync(before, JSON.stringify(result))
  const worse = await runCli(['bench', qwen, ...prompts, '--baseline', before, '--output', after])
  ended(worse, 5)
  assert.match(worse.stdout, /^tiny-qwen2-chat\n.*\n +pp32 +pp .* worse$/m)
  assert.equal(
    read(after).comparison?.verdicts.map(({metric, verdict}) => [metric, verdict]),
    [
      ['pp', 'worse'],
      ['ttft', 'worse'],
    ],
  )
})

test('two settings and a server are columns of one run, whose history can be shown', async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen, '--port', '0')
  const [, url = ''] = /served at (\S+)\./.exec(daemon.said) ?? []
  const history = path.join(home.folder, 'history')
  const argv = ['bench', qwen, ...small, '--compare', 'model.batch_size=16,512', '--url', url, '-r', '2']
  const result = await runCli([...argv, '--history', history, '--json'])
  ended(result, 0)
  const {subjects, series} = JSON.parse(result.stdout) as BenchResult
  const host = new URL(url).host
  const names = ['model.batch_size=16', 'model.batch_size=512', `at ${host}`].map((what) => `tiny-qwen2-chat ${what}`)
  assert.equal(subjects.map(({name}) => name), names) // prettier-ignore
  assert.equal(series.filter(({metric}) => metric === 'pp').map(({subject}) => subject), names) // prettier-ignore
  const report = path.join(home.folder, 'report.html')
  const shown = await runCli(['bench', 'report', '--history', history, '--output', report])
  ended(shown, 0)
  assert.match(shown.stdout, /^1 run, /)
  for (const name of names) assert.match(readFileSync(report, 'utf8'), new RegExp(`<h3>${name}</h3>`))
  assert.match(shown.stdout, new RegExp(`^tiny-qwen2-chat at ${host} +pp32 +pp, tokens/s +1 `, 'm'))
  daemon.child.kill('SIGTERM')
  await daemon.ended
})

test("without a model the daemon's are measured, and stay", async (t) => {
  const home = new DaemonHome(t)
  const daemon = await home.serve('--model', qwen)
  const {code, stdout, stderr} = await home.run('bench', '-p', '32', '-n', '8', '-r', '1')
  assert.is(code, 0, stderr)
  assert.match(stdout, /^tiny-qwen2-chat \(daemon\) /)
  const {model} = await home.status()
  assert.is(model.graphs[0]?.state, 'ready')
  daemon.child.kill('SIGTERM')
  await daemon.ended
})

test('a full disk costs neither the table nor the other files', async (t) => {
  const kept = path.join(temporaryFolder(t), 'kept.json')
  const outputs = ['--output', '/dev/full', '--output', kept, '--format', 'json']
  const result = await runCli(['bench', qwen, ...prompts, '-r', '1', ...outputs])
  ended(result, 3)
  assert.match(result.stdout, /^pp32 +pp, tokens\/s/m)
  assert.match(result.stderr, /^error: --output \/dev\/full cannot be written: the disk is full\.$/m)
  assert.ok(read(kept).complete)
})

test('a baseline of other tests is refused before anything is measured, one of some is told', async (t) => {
  const folder = temporaryFolder(t)
  const [before, after] = [path.join(folder, 'before.json'), path.join(folder, 'after.json')]
  ended(await runCli(['bench', qwen, ...prompts, '-r', '1', '--output', before]), 0)
  const others = await runCli(['bench', qwen, '-p', '16', '-n', '0', '--baseline', before, '--output', after])
  ended(others, 2)
  assert.match(others.stderr, /^error: .*before\.json has no matching test: it has pp32 of tiny-qwen2-chat\.$/m)
  assert.equal([others.stdout, existsSync(after)], ['', false])
  const some = await runCli(['bench', qwen, '-p', '16,32', '-n', '0', ...threads, '-r', '1', '--baseline', before])
  ended(some, 0)
  assert.match(some.stderr, /^warning: 2 metrics are in one result only and were not compared; 2 were compared\.$/m)
  assert.match(some.stderr, /^warning: There are no verdicts: they need 5 repetitions, and -r is 1\.$/m)
})

test('of two columns the second is judged by the first, round by round', async () => {
  const compare = ['--compare', 'model.threads=1,2', '--against-first', '--max-regression', '99%']
  const {stdout, ...result} = await runCli(['bench', qwen, '-p', '32', '-n', '0', ...compare, '--json'])
  ended({...result, stdout}, 0)
  const {comparison, series} = JSON.parse(stdout) as BenchResult
  assert.equal(comparison?.baseline, 'tiny-qwen2-chat model.threads=1')
  assert.equal(
    comparison?.verdicts.map(({subject, metric}) => [subject, metric]),
    [
      ['tiny-qwen2-chat model.threads=2', 'pp'],
      ['tiny-qwen2-chat model.threads=2', 'ttft'],
    ],
  )
  const [, , pp] = series
  const ratios = pp?.values.map((value, round) => value / (series[0]?.values[round] ?? NaN)).toSorted((a, b) => a - b)
  assert.equal([pp?.to_first?.n, pp?.to_first?.ratio], [5, ratios?.[2]])
})

test('Ctrl-C ends it, and what was measured is written and marked', async (t) => {
  const file = path.join(temporaryFolder(t), 'cut.json')
  const argv = ['bench', qwen, '-p', '32,64', '-n', '0', ...threads, '-r', '300', '--output', file]
  const result = await runCli(argv, {
    onStderr: (said, kill) => {
      if (said.includes('Measuring pp64')) kill('SIGINT')
    },
  })
  ended(result, 130)
  assert.match(result.stdout, /^Incomplete: Interrupted by SIGINT\.$/m)
  const {complete, incomplete_reason, samples, series} = read(file)
  assert.equal([complete, incomplete_reason], [false, 'Interrupted by SIGINT.'])
  assert.ok(300 <= samples.length && samples.length < 600)
  assert.is(series[0]?.summary.n, 300)
})

const refused: [what: string, argv: string[], code: number, message: RegExp][] = [
  [
    'a server that is down',
    ['--url', 'http://127.0.0.1:58999/v1'],
    3,
    /^error: No server answers at http:\/\/127\.0\.0\.1:58999/,
  ],
  ['no model and no daemon', [], 3, /No daemon listens on/],
  ['a size that is none', [qwen, '-p', 'x'], 2, /-p takes whole numbers; got "x"/],
  ['a context that is too small', [qwen, '--set', 'model.ctx_size=64'], 2, /pp512 needs 513 tokens; .* is 64\./],
  ['a baseline that is none', [qwen, '--baseline', 'package.json'], 2, /package\.json is not a result/],
  ['an unknown setting to compare', [qwen, '--compare', 'model.thread=1,2'], 2, /unknown key "thread"/],
  ['a setting without a model of its own', ['--set', 'model.threads=1'], 2, /--set needs a model that wnn bench loads/],
  ['a limit of nothing', [qwen, '--max-regression', '5%'], 2, /--max-regression needs a baseline/],
  ['a single column', [qwen, '--against-first'], 2, /--against-first needs at least two models or servers/],
  ['an output of unknown form', [qwen, '--output', 'x.pdf'], 2, /does not show the format/],
  ['a load that cannot be measured', ['--workload', 'load', '--local'], 2, /The model is missing/],
]
for (const [what, argv, code, message] of refused) {
  test(`${what} is one clear message`, async () => {
    const result = await runCli(['bench', ...argv])
    ended(result, code)
    assert.match(result.stderr, message)
    assert.is(result.stdout, '')
  })
}
