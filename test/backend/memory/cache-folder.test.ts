import {existsSync, mkdirSync, readdirSync, statfsSync, utimesSync, writeFileSync} from 'node:fs'
import {constrainedMemory} from 'node:process'
import os from 'node:os'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {cacheFolder, pruneCaches, temporaryParents} from '../../../src/backend/memory/cache-folder.js'
import {suite} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

const test = suite('folder of saved caches')

const mib = 1024 ** 2
const hour = 3_600_000

/** Made so many hours ago, with its description. */
const cache = (folder: string, name: string, kib: number, hoursAgo: number): void => {
  mkdirSync(path.join(folder, path.dirname(name)), {recursive: true})
  const file = path.join(folder, `${name}.kv`)
  writeFileSync(file, Buffer.alloc(kib * 1024))
  writeFileSync(path.join(folder, `${name}.json`), '{}')
  const at = (Date.now() - hoursAgo * hour) / 1000
  utimesSync(file, at, at)
}
const names = (folder: string): string[] =>
  readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => /\.(kv|json)$/.test(name))
    .sort()

test('with a state folder it is in there and stays', async (t) => {
  const state = temporaryFolder(t)
  const {folder, durable, maxBytes} = await cacheFolder(state, 300)
  assert.equal([folder, durable, maxBytes], [path.join(state, 'caches'), true, 300 * mib])
})

test('without one it is a folder of this process that is not made before something is saved', async () => {
  const [one, other] = [await cacheFolder(undefined, 300), await cacheFolder(undefined, 300)]
  assert.is(one.durable, false)
  assert.ok(temporaryParents().includes(path.dirname(one.folder)), one.folder)
  assert.match(path.basename(one.folder), new RegExp(`^wnn-caches-${process.pid}-[-0-9a-f]{36}$`))
  assert.is.not(one.folder, other.folder)
  assert.not.ok(existsSync(one.folder))
})

test('auto is an eighth of the memory, at most 8 GiB, and at most half of what is free there', async (t) => {
  const state = temporaryFolder(t)
  const {maxBytes} = await cacheFolder(state, 'auto')
  const memory = Math.min(os.totalmem(), constrainedMemory() || Infinity)
  const {bavail, bsize} = statfsSync(state)
  assert.ok(maxBytes > 0 && maxBytes <= Math.min(8192 * mib, memory / 8), String(maxBytes))
  // Others write there meanwhile.
  assert.ok(maxBytes <= (bavail * bsize) / 2 + 1024 * mib)
})

test('what is too old goes, of every model, and all else stays', async (t) => {
  const folder = temporaryFolder(t)
  cache(folder, 'one/build/old', 1, 25)
  cache(folder, 'one/build/new', 1, 23)
  cache(folder, 'other/build/old', 1, 25)
  writeFileSync(path.join(folder, 'digests.json'), '{}')
  await pruneCaches({folder, durable: true, maxBytes: Infinity}, 24 * hour)
  assert.equal(names(folder), ['digests.json', 'one/build/new.json', 'one/build/new.kv'])
})

test('the oldest go beyond the size that all may have together', async (t) => {
  const folder = temporaryFolder(t)
  cache(folder, 'one/build/a', 400, 3)
  cache(folder, 'two/build/b', 400, 1)
  cache(folder, 'one/build/c', 400, 2)
  await pruneCaches({folder, durable: true, maxBytes: mib}, Infinity)
  assert.equal(names(folder), ['one/build/c.json', 'one/build/c.kv', 'two/build/b.json', 'two/build/b.kv'])
  await pruneCaches({folder, durable: true, maxBytes: 0}, Infinity)
  assert.equal(names(folder), [])
})

test('a folder that is not there yet has nothing to prune', async (t) => {
  await pruneCaches({folder: path.join(temporaryFolder(t), 'none'), durable: true, maxBytes: 0}, 0)
})
