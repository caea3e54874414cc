import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {checkReads, checkWrites} from '../../src/suites/confine.js'
import type {Frame} from '../../src/suites/frame.js'
import {suite, type TestContext} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {only, run} from './support/run-scenario.js'

const test = suite('files of suites')

/** A suite in a folder, and the scenario's temporary folder. */
function frameIn(t: TestContext): {frame: Frame; own: string; tmp: string} {
  const root = temporaryFolder(t)
  const [own, tmp] = [path.join(root, 'own'), path.join(root, 'tmp')]
  for (const folder of [own, tmp]) mkdirSync(folder)
  const frame = {run: {testCase: {suite: {file: path.join(own, 'a.yaml')}}}, scope: {tmp}} as unknown as Frame
  return {frame, own, tmp}
}

test('a scenario reads in its temporary folder and in that of the suite', (t) => {
  const {frame, own, tmp} = frameIn(t)
  for (const file of [path.join(own, 'data', 'x.json'), path.join(tmp, 'log'), own, tmp]) checkReads(file, frame)
})

test('it reads nothing else, by no name', (t) => {
  const {frame, own, tmp} = frameIn(t)
  symlinkSync('/etc', path.join(own, 'link'))
  for (const file of [
    '/etc/passwd',
    path.join(own, '../x'),
    path.join(tmp, '../..'),
    path.join(own, 'link/passwd'),
    `${own}2/x`,
  ]) {
    assert.throws(() => checkReads(file, frame), /is neither in the scenario's temporary folder/, file)
  }
})

test('it writes a log in its temporary folder alone, however the setting is written', (t) => {
  const {frame, own, tmp} = frameIn(t)
  for (const config of [
    {},
    {logging: {file: path.join(tmp, 'a.log')}},
    {logging: {file: ''}},
    {logging: {file: 'own/a.log'}},
  ])
    checkWrites(JSON.stringify(config), frame)
  checkWrites('no: [configuration', frame)
  checkWrites('{"backend": {"strict_config": true}, "nothing": 1}', frame)
  const files = [
    path.join(own, 'a.log'),
    '/tmp/a.log',
    path.join(tmp, '../a.log'),
    '.bashrc',
    'package.json',
    '../a.log',
  ]
  for (const file of files) {
    assert.throws(() => checkWrites(JSON.stringify({logging: {file}}), frame), /may write only below \$\{tmp\}/, file)
    assert.throws(() => checkWrites(`logging:\n  file: '${file}'`, frame), /may write only below/, file)
  }
})

test('a run says so, and writes and shows nothing', async (t) => {
  const file = path.join(temporaryFolder(t), 'precious')
  writeFileSync(file, 'secret')
  const reading = await run(`\n  - read_file: {path: '${file}'}\n    expect: {text: x}\n`)
  assert.match(only(reading).failures[0]?.message ?? '', /is neither in/)
  assert.not.match(JSON.stringify(reading), /secret/)
  const writing = await run(
    `\n  - init_backend_with_config: {config: {logging: {file: '${file}'}}}\n    expect: {error: timeout}\n`,
  )
  assert.match(only(writing).failures[0]?.message ?? '', /may write only below/)
  assert.is(readFileSync(file, 'utf8'), 'secret')
})
