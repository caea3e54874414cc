import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {
  describeState,
  findStates,
  isIntact,
  removeState,
  type StateFile,
} from '../../../src/backend/engine/state-files.js'
import {suite} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'
import {stateBytes} from '../support/kv-cells.js'

const test = suite('files of saved caches')

const range = (length: number): number[] => Array.from({length}, (_, at) => at)

/** A described cache of a hundred tokens. */
const saved = async (folder: string, id = 'a', withChecksum = true): Promise<string> => {
  const file = path.join(folder, `${id}.kv`)
  writeFileSync(file, stateBytes(range(100)))
  await describeState({file, tokens: 100, bytes: statSync(file).size, session: 's', line: 'l'}, withChecksum)
  return file
}

const found = async (folder: string, now?: number): Promise<{states: StateFile[]; told: string[]}> => {
  const told: string[] = []
  const states = await findStates(folder, {tell: (message) => void told.push(message), ...(now !== undefined && {now})})
  return {states, told}
}

test('what was described is found as it was, the oldest first, and only its owner can read it', async (t) => {
  const folder = temporaryFolder(t)
  const file = await saved(folder)
  const description = path.join(folder, 'b.json')
  await saved(folder, 'b')
  assert.is(statSync(description).mode & 0o777, 0o600)
  writeFileSync(description, readFileSync(description, 'utf8').replace(/"saved_at":\d+/, '"saved_at":1000'))
  const {states, told} = await found(folder)
  assert.equal([states.map(({id}) => id), told], [['b', 'a'], []])
  const [, a] = states
  assert.equal([a?.file, a?.session, a?.line, a?.bytes], [file, 's', 'l', stateBytes(range(100)).length])
  assert.equal([...(a?.tokens ?? [])], range(100))
  assert.ok(Math.abs((a?.savedAt ?? 0) - Date.now()) < 5000)
  assert.equal(readdirSync(folder).sort(), ['a.json', 'a.kv', 'b.json', 'b.kv'])
})

test('a folder that is not there has none', async (t) => {
  assert.equal(await found(path.join(temporaryFolder(t), 'none')), {states: [], told: []})
})

const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(file, change(readFileSync(file, 'utf8')))

const damages: [what: string, damage: (kv: string, json: string) => void, why: RegExp][] = [
  ['cut off', (kv) => writeFileSync(kv, readFileSync(kv).subarray(0, 50)), /has 50 bytes instead of 488/],
  ['without its .kv', (kv) => rmSync(kv), /ENOENT/],
  [
    'of another program',
    (kv) => writeFileSync(kv, stateBytes(range(100), {magic: 1})),
    /does not start with 100 tokens/,
  ],
  ['of other tokens than described', (_, json) => edit(json, (text) => text.replace(':100', ':99')), /with 99 tokens/],
  [
    'described as more than it has',
    (_, json) => edit(json, (text) => text.replace(':100', ':100000')),
    /488 bytes are too few for 100000 tokens/,
  ],
  [
    'that would take gigabytes',
    (kv) => writeFileSync(kv, stateBytes(range(100), {cells: 0xffff_ffff})),
    /too few for 2 streams and 4294967295 cells/,
  ],
  [
    'of too many streams',
    (kv) => writeFileSync(kv, stateBytes(range(100), {streams: 1e9})),
    /too few for 1000000000 streams/,
  ],
  [
    'of another version',
    (_, json) => edit(json, (text) => text.replace('"version":1', '"version":2')),
    /another version/,
  ],
  ['with a damaged description', (_, json) => writeFileSync(json, '{"version":1,'), /JSON/],
  ['with a description of other things', (_, json) => writeFileSync(json, '{"version":1}'), /damaged/],
]
for (const [what, damage, why] of damages) {
  test(`a cache ${what} is reported, removed and costs no other one`, async (t) => {
    const folder = temporaryFolder(t)
    const file = await saved(folder)
    await saved(folder, 'good')
    damage(file, path.join(folder, 'a.json'))
    const {states, told} = await found(folder)
    assert.equal(
      states.map(({id}) => id),
      ['good'],
    )
    assert.is(told.length, 1)
    assert.ok(told[0]?.includes(file) && why.test(told[0]), told[0])
    assert.equal(readdirSync(folder).sort(), ['good.json', 'good.kv'])
  })
}

test('a save that was cut off is removed after a minute; until then another engine may be at it', async (t) => {
  const folder = temporaryFolder(t)
  const [file, other] = [path.join(folder, 'a.kv'), path.join(folder, 'b.json.tmp')]
  writeFileSync(file, stateBytes(range(100)))
  writeFileSync(other, '{')
  assert.equal(await found(folder), {states: [], told: []})
  assert.ok(existsSync(file) && existsSync(other))
  const {told} = await found(folder, Date.now() + 61_000)
  assert.is(told.length, 2)
  assert.match(told[0] ?? '', /a\.kv is not used and was removed: it was not saved completely/)
  assert.equal(readdirSync(folder), [])
})

test('files of others are left alone, and a folder that has a cache’s name fails nothing', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(path.join(folder, 'README'), 'mine')
  mkdirSync(path.join(folder, 'x.kv'))
  utimesSync(path.join(folder, 'x.kv'), 0, 0)
  const {states, told} = await found(folder)
  assert.equal([states, told.length, readdirSync(folder)], [[], 1, ['README']])
})

test('caches that are known are not read again', async (t) => {
  const folder = temporaryFolder(t)
  const file = await saved(folder)
  writeFileSync(file, '')
  const states = await findStates(folder, {tell: () => assert.unreachable(), isKnown: (id) => id === 'a'})
  assert.equal([states, existsSync(file)], [[], true])
})

test('a flipped byte is seen where there is a checksum', async (t) => {
  const folder = temporaryFolder(t)
  for (const withChecksum of [true, false]) {
    const file = await saved(folder, 'a', withChecksum)
    const [state] = (await found(folder)).states
    assert.ok(state !== undefined)
    assert.is(await isIntact(state), true)
    const bytes = readFileSync(file)
    bytes.writeUInt8(bytes.readUInt8(450) ^ 1, 450)
    writeFileSync(file, bytes)
    assert.is(await isIntact(state), !withChecksum)
    writeFileSync(file, bytes.subarray(0, 450))
    assert.is(await isIntact(state), false)
  }
})

test('nothing is described that has been removed meanwhile, and removing leaves nothing', async (t) => {
  const folder = temporaryFolder(t)
  const file = await saved(folder)
  await removeState(file)
  assert.equal(readdirSync(folder), [])
  await describeState({file, tokens: 100, bytes: 476, session: null, line: 'l'}, false)
  assert.equal(readdirSync(folder), [])
})
