import {createHash} from 'node:crypto'
import {readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {contentDigest, contentIdentity, contentSample, rememberedDigest} from '../../src/system/file-digest.js'
import {suite} from '../support/suite.js'
import {temporaryFolder} from '../support/temporary-folder.js'
import {thrownBy} from '../support/rejects.js'

const test = suite('content of a model')

test('a file is the same until it is written or replaced, also where size and time of change stay', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.gguf')
  writeFileSync(file, 'one')
  const [atime, mtime] = [new Date(1e12), new Date(2e12)]
  utimesSync(file, atime, mtime)
  const before = await contentIdentity([file])
  assert.is(await contentIdentity([file]), before)
  writeFileSync(file, 'two')
  // The kernel's clock moves every few milliseconds.
  do utimesSync(file, atime, mtime)
  while ((await contentIdentity([file])) === before)
  const written = await contentIdentity([file])
  assert.equal([statSync(file).size, statSync(file).mtimeMs], [3, mtime.getTime()])
  writeFileSync(`${file}.new`, 'two')
  utimesSync(`${file}.new`, atime, mtime)
  renameSync(`${file}.new`, file)
  assert.is(new Set([before, written, await contentIdentity([file])]).size, 3)
})

test('a digest is computed once for as long as the file is the same, and goes by content', async (t) => {
  const folder = path.join(temporaryFolder(t), 'caches')
  const [file, copy] = [path.join(path.dirname(folder), 'a.gguf'), path.join(path.dirname(folder), 'b.gguf')]
  for (const name of [file, copy]) writeFileSync(name, 'one')
  const digest = await rememberedDigest([file], folder)
  assert.is(digest, await contentDigest([file]))
  assert.is(await rememberedDigest([copy], folder), digest)
  const list = path.join(folder, 'digests.json')
  assert.equal([statSync(folder).mode & 0o777, statSync(list).mode & 0o777], [0o700, 0o600])
  assert.equal(readdirSync(folder), ['digests.json'])
  // What is in the list is believed.
  writeFileSync(list, JSON.stringify({[await contentIdentity([file])]: 'remembered'}))
  assert.is(await rememberedDigest([file], folder), 'remembered')
  writeFileSync(file, 'two')
  const other = await rememberedDigest([file], folder)
  assert.ok(other !== 'remembered' && other !== digest)
})

test('every file of a split model counts, in their order', async (t) => {
  const folder = temporaryFolder(t)
  const [first, second] = [path.join(folder, 'm-00001-of-00002.gguf'), path.join(folder, 'm-00002-of-00002.gguf')]
  writeFileSync(first, 'one')
  writeFileSync(second, 'two')
  const [identity, digest] = [await contentIdentity([first, second]), await rememberedDigest([first, second], folder)]
  assert.is(digest, createHash('sha256').update('onetwo').digest('hex'))
  assert.is.not(await contentDigest([second, first]), digest)
  writeFileSync(second, 'TWO')
  assert.is.not(await contentIdentity([first, second]), identity)
  assert.is(await rememberedDigest([first, second], folder), createHash('sha256').update('oneTWO').digest('hex'))
})

test('a list that is damaged, or something else, is begun anew', async (t) => {
  const folder = temporaryFolder(t)
  const file = path.join(folder, 'a.gguf')
  writeFileSync(file, 'one')
  const list = path.join(folder, 'digests.json')
  for (const text of ['{"a', 'null', '[]', `{"${await contentIdentity([file])}": 5}`]) {
    writeFileSync(list, text)
    assert.is(await rememberedDigest([file], folder), await contentDigest([file]))
    assert.ok(Object.values(JSON.parse(readFileSync(list, 'utf8')) as object).includes(await contentDigest([file])))
  }
})

test('two models that are loaded at the same time both have theirs remembered or computed', async (t) => {
  const folder = temporaryFolder(t)
  const files = Array.from({length: 8}, (_, at) => path.join(folder, `${at}.gguf`))
  for (const file of files) writeFileSync(file, file)
  const digests = await Promise.all(files.map((file) => rememberedDigest([file], folder)))
  assert.equal(digests, await Promise.all(files.map((file) => contentDigest([file]))))
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
    await rememberedDigest([file], folder)
  }
  const known = JSON.parse(readFileSync(path.join(folder, 'digests.json'), 'utf8')) as object
  assert.is(Object.keys(known).length, 100)
  assert.is(
    ((await thrownBy(contentDigest([path.join(folder, '1.gguf')], AbortSignal.abort()))) as Error).name,
    'AbortError',
  )
})

test('a sample is the same for the same contents, and another one for another size, start, end or middle', async (t) => {
  const folder = temporaryFolder(t)
  const bytes = Buffer.alloc(5 << 20, 7)
  const sampleOf = async (change: (bytes: Buffer) => Buffer): Promise<string> => {
    const file = path.join(folder, 'model')
    writeFileSync(file, change(Buffer.from(bytes)))
    return contentSample([file])
  }
  const flip = (at: number) => (copy: Buffer) => {
    copy[at] = 8
    return copy
  }
  const whole = await sampleOf((copy) => copy)
  assert.is(await sampleOf((copy) => copy), whole)
  const middle = Math.floor((8 * bytes.length) / 17) + 100
  const others = [flip(0), flip(bytes.length - 1), flip(middle), (copy: Buffer) => copy.subarray(1)]
  for (const other of others) assert.is.not(await sampleOf(other), whole)
  assert.type(await sampleOf(() => Buffer.alloc(0)), 'string')
})
