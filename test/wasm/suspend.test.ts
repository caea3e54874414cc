import {execFile} from 'node:child_process'
import path from 'node:path'
import {promisify} from 'node:util'
import * as assert from 'uvu/assert'
import {exitCodeOf, runRuntime} from '../../src/suites/index.js'
import {qwen} from '../support/fixtures.js'
import {cli} from '../support/run-cli.js'
import {suite} from '../support/suite.js'
import {newerNode, noNewerNode} from './support/newer-node.js'

// The bridge of JSPI, in a Node.js that has it.
const test = suite('guests that are suspended', {timeoutMs: 120_000})
const root = path.join(import.meta.dirname, '../..')

test('the 60 cases pass', async (t) => {
  const node = newerNode() ?? t.skip(noNewerNode)
  const report = await runRuntime({
    command: `'${node}' '${cli}' run {guest} --nn-preload default:GGML:AUTO:{model} --nn-preload gone:GGML:AUTO:/no/such --env NN_MISSING=gone --dir '${path.dirname(qwen)}::/m' --env NN_MODEL_FILE=/m/${path.basename(qwen)}`,
    guest: path.join(root, 'fixtures/guests/conformance.wasm'),
    ...{model: qwen, timeoutMs: 60_000, signal: t.signal},
  })
  assert.equal(
    report.results.filter(({outcome}) => outcome === 'failed' || outcome === 'error'),
    [],
  )
  assert.equal([report.summary.passed, exitCodeOf(report)], [58, 0])
})

test('all ways in which a guest ends are the same', async (t) => {
  const node = newerNode() ?? t.skip(noNewerNode)
  const argv = ['--import', 'tsx', path.join(root, 'test/wasm/run-guest.test.ts')]
  const {stdout} = await promisify(execFile)(node, argv, {cwd: root, maxBuffer: 1 << 26})
  const [, total, passed] = /Total: +(\d+)\s+Passed: +(\d+)/.exec(stdout) ?? []
  assert.is(passed, total)
  assert.not.match(stdout, /skipped/)
})
