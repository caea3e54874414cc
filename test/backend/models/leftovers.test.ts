import {existsSync, mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {removeLeftovers} from '../../../src/backend/models/leftovers.js'
import {suite} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('leftovers')

// Above what Linux gives to processes.
const nobody = 2 ** 22 + 1

test('what killed processes left behind goes after an hour; all else stays', async (t) => {
  const folder = temporaryFolder(t)
  const left = [`wnn-caches-${nobody}-a`, `wnn-models-${nobody}-b`]
  const others = [`wnn-caches-${process.pid}-c`, `wnn-caches-${process.ppid}-d`, `other-${nobody}-e`, 'wnn-1000']
  for (const name of [...left, ...others]) {
    mkdirSync(path.join(folder, name))
    writeFileSync(path.join(folder, name, '1.kv'), 'x')
  }
  const there = (names: readonly string[]): boolean[] => names.map((name) => existsSync(path.join(folder, name)))
  await removeLeftovers([folder])
  assert.equal(there(left), [true, true])
  await removeLeftovers([folder], Date.now() + 3_600_001)
  assert.equal(there(left), [false, false])
  assert.equal(there(others), [true, true, true, true])
})

test('a temporary folder that is missing, or is a file, has none', async (t) => {
  const file = path.join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  await removeLeftovers([path.join(file, 'none'), file, `${file}.none`])
})
