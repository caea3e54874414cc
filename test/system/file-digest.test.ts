import {readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {fileDigest, fileIdentity, rememberedDigest} from '../../src/system/file-digest.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {thrownBy} from '../support/rejects.js'

const test = suite('content of a model')

test('a file is the same until it is written or replaced, also where size and time of change stay', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.gguf')
  writeFileSync(file, 'one')
  const [atime, mtime] = [new Date(1e12), new Date(2e12)]
  utimesSync(file, atime, mtime)
  const before = await fileIdentity(file)
  assert.is(await fileIdentity(file), before)
  writeFileSync(file, 'two')
  // The kernel's clock moves every few milliseconds.
  do utimesSync(file, atime, mtime)
  while ((await fileIdentity(file)) === before)
  const written = await fileIdentity(file)
  assert.equal([statSync(file).size, statSync(file).mtimeMs], [3, mtime.getTime()])
  writeFileSync(`${file}.new`, 'two')
  utimesSync(`${file}.new`, atime, mtime)
  renameSync(`${file}.new`, file)
  assert.is(new Set([before, written, await fileIdentity(file)]).size, 3)
})

test('a digest is computed once for as long as the file is the same, and goes by content', async (t) => {
  const folder = path.join(temporaryFolder(t), 'caches')
  const [file, copy] = [path.join(path.dirname(folder), 'a.gguf'), path.join(path.dirname(folder), 'b.gguf')]
  for (const name of [file, copy]) writeFileSync(name, 'one')
  const digest = await rememberedDigest(file, folder)
  assert.is(digest, await fileDigest(file))
  assert.is(await rememberedDigest(copy, folder), digest)
  const list = path.join(folder, 'digests.json')
  assert.equal([statSync(folder).mode & 0o777, statSync(list).mode & 0o777], [0o700, 0o600])
  assert.equal(readdirSync(folder), ['digests.json'])
  // What is in the list is believed.
  writeFileSync(list, JSON.stringify({[await fileIdentity(file)]: 'remembered'}))
  assert.is(await rememberedDigest(file, folder), 'remembered')
  writeFileSync(file, 'two')
  const other = await rememberedDigest(file, folder)
  assert.ok(other !== 'remembered' && other !== digest)
})

test('a list that is damaged, or something else, is begun anew', async (t) => {
  const folder = temporaryFolder(t)
  const file = path.join(folder, 'a.gguf')
  writeFileSync(file, 'one')
  const list = path.join(folder, 'digests.json')
  for (const text of ['{"a', 'null', '[]', `{"${await fileIdentity(file)}": 5}`]) {
    writeFileSync(list, text)
    assert.is(await rememberedDigest(file, folder), await fileDigest(file))
    assert.ok(Object.values(JSON.parse(readFileSync(list, 'utf8')) as object).includes(await fileDigest(file)))
  }
})

test('two models that are loaded at the same time both have theirs remembered or computed', async (t) => {
  const folder = temporaryFolder(t)
  const files = Array.from({length: 8}, (_, at) => path.join(folder, `${at}.gguf`))
  for (const file of files) writeFileSync(file, file)
  const digests = await Promise.all(files.map((file) => rememberedDigest(file, folder)))
  assert.equal(digests, await Promise.all(files.map((file) => fileDigest(file))))
  assert.equal(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('at most a hundred are remembered, and hashing can be aborted', async (t) => {
  const folder = temporaryFolder(t)
  for (let at = 0; at < 103; at++) {
    const file = path.join(folder, `${at}.gguf`)
    writeFileSync(file, String(at))
    await rememberedDigest(file, folder)
  }
  const known = JSON.parse(readFileSync(path.join(folder, 'digests.json'), 'utf8')) as object
  assert.is(Object.keys(known).length, 100)
  assert.is(
    ((await thrownBy(fileDigest(path.join(folder, '1.gguf'), AbortSignal.abort()))) as Error).name,
    'AbortError',
  )
})
