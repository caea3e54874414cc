import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {PrefixStore} from '../../../../src/backend/engine/child/prefix-store.js'
import type {SavedState} from '../../../../src/backend/engine/protocol.js'
import type {Slot} from '../../../../src/backend/engine/child/slots.js'
import {describeState} from '../../../../src/backend/engine/state-files.js'
import {suite, type TestContext} from '../../../support/suite.js'
import {temporaryFolder} from '../../../support/temporary-folder.js'
import {KvCells, stateBytes} from '../../support/kv-cells.js'

const test = suite('store of prefixes')

const range = (length: number, from = 0): number[] => Array.from({length}, (_, at) => from + at)

const slotOf = (tokens: number[]): Slot => ({
  ...{id: 0, tokens, exact: Infinity, busy: true, owner: undefined, session: null, line: undefined},
  ...{isPrivate: false, used: 0},
})

interface Opened {
  store: PrefixStore
  cells: KvCells
  saved: SavedState[]
  events: string[]
}

/** As an engine on that folder: what it saves is described, as the host does it. */
const opened = (folder: string, how: {maxTokens?: number; partial?: boolean} = {}): Opened => {
  const cells = new KvCells()
  const saved: SavedState[] = []
  const events: string[] = []
  const settings = {folder, durable: true, maxTokens: Infinity, partial: true, ...how}
  const store = new PrefixStore(cells.context, settings, {
    saved: (state) => void saved.push(state),
    restored: (id) => events.push(`restored ${id}`),
    unsaved: (id, reason) => events.push(`${reason} ${id}`),
    failed: (message) => events.push(message),
  })
  return {store, cells, saved, events}
}

/** Saves these tokens for a session and describes the cache, as an engine that ends afterwards. */
const earlier = async (folder: string, tokens: number[], session: string | null = 's'): Promise<SavedState> => {
  const {store, saved} = opened(folder)
  await store.save(slotOf(tokens), session)
  const [state] = saved
  if (state === undefined) throw new Error('not saved')
  await describeState(state, true)
  return state
}

const folderOf = (t: TestContext): string => path.join(temporaryFolder(t), 'caches', 'model')
/** Removing is not waited for. */
const emptied = async (folder: string): Promise<void> => {
  while (readdirSync(folder).length > 0) await new Promise((resolve) => setImmediate(resolve))
}

test('saves into a folder and files of its owner alone, and only when there is something to save', async (t) => {
  const folder = folderOf(t)
  const {store, saved} = opened(folder)
  assert.is(store.find(Uint32Array.from(range(50))), undefined)
  assert.not.ok(readdirSync(path.dirname(path.dirname(folder))).includes('caches'))
  await store.save(slotOf(range(50)), 's')
  for (const made of [folder, path.dirname(folder)]) assert.is(statSync(made).mode & 0o777, 0o700)
  const [state] = saved
  assert.is(statSync(state?.file ?? '').mode & 0o777, 0o600)
  assert.equal([state?.session, state?.tokens, state?.line, state?.ageMs], ['s', 50, 's', 0])
  assert.is(state?.bytes, statSync(state?.file ?? '').size)
})

test('the next engine finds what an earlier one has saved, and restores it', async (t) => {
  const folder = folderOf(t)
  const {id} = await earlier(folder, range(100))
  const {store, saved, events} = opened(folder)
  await store.adopt()
  assert.equal(
    saved.map((state) => [state.id, state.session, state.tokens]),
    [[id, 's', 100]],
  )
  assert.equal(store.find(Uint32Array.from([...range(70), 9])), {id, shared: 70})
  const slot = slotOf([])
  assert.is(await store.restore(id, slot), true)
  assert.equal([slot.tokens, slot.line, events], [range(100), 's', [`restored ${id}`]])
})

test('adopts what another engine has saved meanwhile, and reports each cache once', async (t) => {
  const folder = folderOf(t)
  const running = opened(folder)
  await running.store.adopt()
  await running.store.save(slotOf(range(60, 500)), 'own')
  const {id} = await earlier(folder, range(100))
  await running.store.adopt()
  await running.store.adopt()
  assert.equal(
    running.saved.map((state) => state.session),
    ['own', 's'],
  )
  assert.is(running.store.find(Uint32Array.from(range(100)))?.id, id)
  assert.equal(running.events, [])
})

test('a longer cache supersedes those that it begins with, also of an earlier engine, and no other', async (t) => {
  const folder = folderOf(t)
  const short = await earlier(folder, range(100))
  const other = await earlier(folder, [...range(90), ...range(40, 700)])
  const {store, saved, events} = opened(folder)
  await store.adopt()
  await store.save(slotOf(range(150)), null)
  assert.equal(events, [`superseded ${short.id}`])
  await store.save(slotOf(range(120)), 'shorter')
  assert.is(saved.length, 3, 'what is held already is not saved again')
  while (readdirSync(folder).includes(`${short.id}.json`)) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(
    readdirSync(folder)
      .filter((name) => name.endsWith('.kv'))
      .sort(),
    [`${other.id}.kv`, `${saved[2]?.id ?? ''}.kv`].sort(),
  )
})

const damages: [what: string, damage: (bytes: Buffer) => Buffer, why: RegExp][] = [
  ['with a flipped byte', (bytes) => flipped(bytes), /checksum does not match/],
  ['that was cut off since', (bytes) => bytes.subarray(0, 450), /checksum does not match/],
]
for (const [what, damage, why] of damages) {
  test(`a cache ${what} is a miss, reported with its file and removed`, async (t) => {
    const folder = folderOf(t)
    const {id, file} = await earlier(folder, range(100))
    const {store, cells, events} = opened(folder)
    await store.adopt()
    writeFileSync(file, damage(readFileSync(file)))
    const slot = slotOf(range(40, 900))
    assert.is(await store.restore(id, slot), false)
    assert.equal([slot.tokens, cells.calls, store.find(Uint32Array.from(range(100)))], [[], [], undefined])
    assert.ok(events[0]?.includes(file) && why.test(events[0]), events[0])
    assert.is(events[1], `failed ${id}`)
    await emptied(folder)
  })
}

test('what llama.cpp itself refuses is a miss as well: a file of another version of it', async (t) => {
  const folder = folderOf(t)
  mkdirSync(folder, {recursive: true})
  const file = path.join(folder, 'a.kv')
  writeFileSync(file, stateBytes(range(100), {version: 1}))
  await describeState({file, tokens: 100, bytes: statSync(file).size, session: null, line: 'a'}, true)
  const {store, cells, events} = opened(folder)
  await store.adopt()
  assert.is(await store.restore('a', slotOf([])), false)
  assert.equal(cells.calls, ['load 0'])
  assert.ok(events[0]?.includes(file) && events[1] === 'failed a', events.join())
  await emptied(folder)
})

test('a folder that cannot be read or written costs no answer', async (t) => {
  const folder = folderOf(t)
  mkdirSync(path.dirname(folder))
  writeFileSync(folder, 'not a folder')
  const {store, saved, events} = opened(folder)
  await store.adopt()
  await store.save(slotOf(range(50)), null)
  assert.equal([saved.length, events.length], [0, 2])
  assert.match(events[0] ?? '', /Saved caches in .* are not used: a part of the path is not a folder/)
  assert.match(events[1] ?? '', /A cache of 50 tokens was not saved to .*: a part of the path is not a folder/)
})

test('a save that fails leaves no file', async (t) => {
  const folder = folderOf(t)
  const {store, cells, saved, events} = opened(folder)
  cells.saveSequenceStateToFile = (file) => {
    writeFileSync(file, 'half of it')
    return Promise.reject(new Error('No space left on device'))
  }
  await store.save(slotOf(range(50)), null)
  assert.equal([saved.length, events.length], [0, 1])
  await emptied(folder)
})

test('where a cache may not lose its end, only one that the prompt begins with as a whole is found', async (t) => {
  const {store} = opened(folderOf(t), {partial: false})
  await store.save(slotOf(range(100)), null)
  assert.is(store.find(Uint32Array.from([...range(99), 9999, 1])), undefined)
  assert.is(store.find(Uint32Array.from(range(120)))?.shared, 100)
})

test('what the host has evicted is not found any more', async (t) => {
  const {store, saved} = opened(folderOf(t))
  await store.save(slotOf(range(100)), null)
  const id = saved[0]?.id ?? ''
  store.forget(id)
  assert.is(store.find(Uint32Array.from(range(100))), undefined)
  assert.is(await store.restore(id, slotOf([])), false)
})

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(460) ^ 1, 460)
  return copy
}
