import {readdir} from 'node:fs/promises'
import * as assert from 'uvu/assert'
import {suite} from '../../../support/suite.js'
import {opened, range, removeFolders, serve} from './support/opened-slots.js'

const test = suite('slots and saved caches')

test.after(removeFolders)

test('a request without a session has its cache saved as well, and any conversation that begins alike finds it', async () => {
  const {slots, events} = opened(1, {maxTokens: 1000})
  await serve(slots, null, range(100))
  await serve(slots, 'b', range(200, 1000))
  const {cachedTokens, source} = await serve(slots, 'c', [...range(90), 7777])
  assert.equal([cachedTokens, source], [90, 'saved'])
  assert.equal(events, ['saved nobody: 100', 'saved b: 200', 'restored nobody'])
})

test('what another slot or a saved cache holds is not saved again', async () => {
  const {slots, cells, events} = opened(2, {maxTokens: 1000})
  await serve(slots, 'a', range(100))
  cells.copied = 99
  const second = await serve(slots, 'b', range(140))
  assert.is(second.slot.id, 0, 'b continues the slot')
  slots.at(1).tokens = range(60)
  await serve(slots, 'c', range(90, 2000))
  assert.equal(events, [], 'slot 0 holds what c took the place of')
  await serve(slots, 'd', range(90, 3000))
  await serve(slots, 'e', range(140))
  await serve(slots, 'f', range(90, 4000))
  await serve(slots, 'g', range(90, 5000))
  assert.equal(events.filter((event) => event.endsWith(': 140')).length, 1, events.join())
})

test('text of a session goes with it, in a slot that it has left as well', async () => {
  const {slots, events} = opened(2, {maxTokens: 1000})
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(50, 1000))
  // Its history was rewritten to what b said.
  assert.is((await serve(slots, 'a', range(60, 1000))).slot.id, 1)
  slots.forget('a')
  await serve(slots, 'c', range(90, 2000))
  await serve(slots, 'd', range(90, 3000))
  assert.equal(
    events.filter((event) => event.includes('saved')),
    [],
  )
})

test('a session that has left a slot for another one has the first one saved for itself', async () => {
  const {slots, events} = opened(2, {maxTokens: 1000})
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(50, 1000))
  await serve(slots, 'a', range(60, 1000))
  await serve(slots, 'c', range(90, 2000))
  assert.equal(events, ['saved a: 100'])
})

test('before the engine ends all slots are saved; of those that hold the same, one', async () => {
  const {slots, events} = opened(4, {maxTokens: 1000})
  slots.at(0).tokens = range(100)
  slots.at(1).tokens = range(100)
  slots.at(2).tokens = range(60)
  slots.at(3).tokens = range(20, 1000)
  await slots.saveAll()
  assert.equal(events, ['saved nobody: 100'])
})

test('a longer cache takes the place of those that it begins with', async () => {
  const {slots, folder, events} = opened(1, {maxTokens: 1000})
  for (const length of [100, 150]) {
    await serve(slots, 'a', range(length))
    await serve(slots, 'b', range(90, 5000))
  }
  assert.equal(
    events.filter((event) => event.endsWith(' a') || event.startsWith('saved a')),
    ['saved a: 100', 'restored a', 'superseded a', 'saved a: 150'],
  )
  const longer = await readdir(folder)
  assert.is(longer.length, 2, longer.join())
})

test('a cache that was cut to be saved is not saved again', async () => {
  const {slots, cells} = opened(1, {maxTokens: 64})
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(90, 5000))
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(90, 5000))
  assert.is(cells.calls.filter((call) => call.startsWith('save')).length, 2)
})

test('conversations that share a slot one after the other are counted apart', async () => {
  const {slots, store} = opened(1, {maxTokens: 1000})
  const lines: string[] = []
  const save = store.save.bind(store)
  store.save = async (slot, session) => {
    await save(slot, session)
    lines.push(slot.line ?? '')
  }
  await serve(slots, null, [...range(5), ...range(100, 1000)])
  await serve(slots, null, [...range(5), ...range(100, 2000)])
  await serve(slots, null, [...range(5), ...range(150, 1000)])
  await serve(slots, null, [...range(5), ...range(100, 3000)])
  const [first, second, third] = lines
  assert.ok(first !== second && first === third, lines.join())
})
