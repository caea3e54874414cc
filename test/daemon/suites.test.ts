import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {qwen} from '../support/fixtures.js'
import {suite} from '../support/suite.js'
import type {RunReport} from '../../src/suites/index.js'
import {DaemonHome} from './support/daemon-home.js'

const test = suite('wnn test --via daemon', {timeoutMs: 120_000})
const conformance = path.join(import.meta.dirname, '../../suites/conformance')
// One of each kind: inference, errors, a killed engine, bytes, clean-up, the end of answers. All of them run in .ci/run.
const some = ['6', '9', '10', '15', '18', '20', '24'].flatMap((id) => ['--filter', id])

test('scenarios pass, and a daemon that was started for them is gone afterwards', async (t) => {
  const home = new DaemonHome(t)
  const {stdout, stderr, code} = await home.run('test', conformance, '--via', 'daemon', ...some, '--json')
  const {summary, target} = JSON.parse(stdout) as RunReport
  assert.equal([code, target, summary.passed], [0, 'daemon', summary.total], stdout + stderr)
  assert.ok(summary.total >= 7)
  assert.equal(home.left(), [])
})

test('a daemon that was there stays, with its models', async (t) => {
  const home = new DaemonHome(t)
  await home.run('load', qwen)
  const {code} = await home.run('test', conformance, '--via', 'daemon', '--filter', '15')
  assert.is(code, 0)
  const {model, daemon} = await home.status()
  assert.equal([model.graphs.length, daemon.clients], [1, 0])
  await home.run('stop')
})

test('a relative log file of a suite is one of the folder that wnn test runs in', async (t) => {
  const home = new DaemonHome(t)
  await home.run('load', qwen)
  const folder = path.join(home.folder, 'here')
  mkdirSync(folder)
  const file = path.join(folder, 'suite.yaml')
  const steps = [{get_backend_status: 'queue', expect: {status: {queued: 0}}}]
  const scenario = {id: 1, name: 'It logs.', config: {logging: {file: 'own/log.jsonl'}}, steps}
  writeFileSync(file, JSON.stringify({suite: 'Logs', scenarios: [scenario]}))
  const {code, stderr, stdout} = await home.runIn(folder, 'test', file, '--via', 'daemon')
  assert.is(code, 0, stderr + stdout)
  assert.match(readFileSync(path.join(folder, 'own/log.jsonl'), 'utf8'), /backend released/)
  await home.run('stop')
})
