import path from 'node:path'
import * as assert from 'uvu/assert'
import {exitCodeOf, runRuntime, type CaseResult, type RunReport} from '../../../src/suites/index.js'
import {parseTap} from '../../../src/suites/runtime/parse-tap.js'
import {cli} from '../../support/run-cli.js'
import {qwen} from '../../support/fixtures.js'
import {suite} from '../../support/suite.js'

const test = suite('wnn test --runtime', {timeoutMs: 60_000})
const guest = path.join(import.meta.dirname, '../../../fixtures/guests/conformance.wasm')
const models = path.dirname(qwen)

const wnn = `'${process.execPath}' '${cli}' run {guest} --nn-preload default:GGML:AUTO:{model}`

function runIn(command: string, options: {timeoutMs?: number; signal?: AbortSignal} = {}): Promise<RunReport> {
  return runRuntime({
    ...{command, guest, model: qwen, timeoutMs: 60_000, signal: new AbortController().signal, ...options},
  })
}

const red = ({results}: RunReport): CaseResult[] =>
  results.filter(({outcome}) => !['passed', 'skipped'].includes(outcome))

test('the 60 cases pass in wnn run; only those that need two threads or no memory are skipped', async () => {
  const extras = `--nn-preload gone:GGML:AUTO:/no/such --env NN_MISSING=gone --dir '${models}::/models' --env NN_MODEL_FILE=/models/tiny-qwen2-chat.gguf`
  const report = await runIn(`${wnn} ${extras}`)
  assert.equal(red(report), [])
  const skipped = report.results.filter(({outcome}) => outcome === 'skipped').map(({id}) => id)
  assert.equal([report.summary.passed, skipped], [58, ['59', '60']])
  const numbers = report.results.map(({id}) => Number(id)).sort((a, b) => a - b)
  assert.equal(
    numbers,
    Array.from({length: 60}, (_, index) => index + 1),
  )
  assert.is(exitCodeOf(report), 0)
})

test('without the file and the missing name, these cases are skipped as well', async () => {
  const report = await runIn(`${wnn} -- default`)
  assert.equal([report.summary.passed, report.summary.skipped, report.summary.failed], [56, 4, 0])
})

test('a model that the runtime does not have ends the run with an error', async () => {
  const report = await runIn(`${wnn} -- other`)
  assert.is(exitCodeOf(report), 3)
  assert.match(red(report).at(-1)?.failures[0]?.message ?? '', /the model "other" with .* gave error 8/)
})

test('a case that fails shows both numbers', async () => {
  const tap = String.raw`printf 'TAP version 14\n1..2\nok 1 - a\nnot ok 2 - b\n# load: got 5, expected 1\n' # {guest}`
  const report = await runIn(tap)
  const [failed] = red(report)
  assert.equal([failed?.id, failed?.name, failed?.outcome], ['2', 'b', 'failed'])
  const {step, actual, expected} = failed?.failures[0] ?? {}
  assert.equal({step, actual, expected}, {step: 'load', actual: '5', expected: '1'})
  assert.is(exitCodeOf(report), 4)
})

test('a runtime that fails, prints no report or stops in the middle is an error with its output', async () => {
  const cases: [command: string, message: RegExp][] = [
    ['no-such-runtime {guest}', /exit code 127\.\n.*not found/],
    ['echo hello # {guest}', /exit code 0/],
    [String.raw`printf '1..3\nok 1 - a\n'; exit 134 # {guest}`, /1 of 3 cases ran\. .*exit code 134/],
  ]
  for (const [command, message] of cases) {
    const report = await runIn(command)
    assert.is(exitCodeOf(report), 3)
    assert.match(red(report)[0]?.failures[0]?.message ?? '', message)
  }
})

test('a runtime that does not end is ended, with what it started', async () => {
  const report = await runIn('sleep 1000; true {guest}', {timeoutMs: 200})
  assert.match(red(report)[0]?.failures[0]?.message ?? '', /time limit of 200 ms/)
  const interrupted = await runIn('sleep 1000; true {guest}', {signal: AbortSignal.timeout(100)})
  assert.is(exitCodeOf(interrupted), 130)
})

test('a command without the guest is rejected', async () => {
  const error = await runIn('wasmedge').catch((thrown: unknown) => thrown as Error)
  assert.match((error as Error).message, /no \{guest\}/)
})

test('TAP lines of other kinds are ignored', () => {
  const report = parseTap(
    'log: ok\nTAP version 14\n1..2\r\nok 1 - a # skip because\r\nnoise\nok 2 name only\nBail out! no more',
  )
  assert.equal(report, {
    planned: 2,
    tests: [
      {number: '1', name: 'a', outcome: 'skipped', reason: 'because', comments: []},
      {number: '2', name: 'name only', outcome: 'passed', comments: []},
    ],
    bailOut: 'no more',
  })
})
