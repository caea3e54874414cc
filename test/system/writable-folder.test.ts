import {mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {inspectFolder} from '../../src/system/writable-folder.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'

const test = suite('room for files')

const failing = (code: string) => (): never => {
  throw Object.assign(new Error(`${code}: it does not work, write`), {code})
}

test('a folder that takes files has no problem, and keeps nothing of the look', async (t) => {
  const folder = temporaryFolder(t)
  const {path: found, free_bytes: free, problem} = await inspectFolder(folder)
  assert.equal([found, problem, free > 0], [folder, null, true])
  assert.equal(readdirSync(folder), [])
})

test('of a folder that is not there yet, the nearest that is counts', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(path.join(folder, 'a'))
  assert.is((await inspectFolder(path.join(folder, 'a', 'b', 'c'))).path, path.join(folder, 'a'))
})

for (const [code, problem] of [
  ['ENOSPC', /^the disk is full$/],
  ['EDQUOT', /^the disk quota is used up$/],
  ['EROFS', /^the file system is read-only$/],
  ['EIO', /^the disk reports an error$/],
  ['EXYZ', /^EXYZ: it does not work$/],
] as const) {
  test(`${code} is the problem, in words, and keeps nothing of the look`, async (t) => {
    const folder = temporaryFolder(t)
    assert.match((await inspectFolder(folder, failing(code))).problem ?? '', problem)
    assert.equal(readdirSync(folder), [])
  })
}

test('a file where the folder should be is a problem', async (t) => {
  const file = path.join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  assert.match((await inspectFolder(file)).problem ?? '', /not a folder/)
})
