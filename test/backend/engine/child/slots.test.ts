import {rm} from 'node:fs/promises'
import * as assert from 'uvu/assert'
import {ask, openBackend} from '../../../support/fixtures.js'
import {suite} from '../../../support/suite.js'
import {opened, prompt, range, removeFolders, serve} from './support/opened-slots.js'

const test = suite('slots', {timeoutMs: 20_000})

test.after(removeFolders)

test('a conversation gets the slot that it continues', async () => {
  const {slots} = opened(3)
  const {slot} = await serve(slots, 'mine', range(50))
  await serve(slots, 'other', range(50, 1000))
  assert.is(slots.take(prompt(range(60)), 'mine'), slot)
})

test('a conversation whose history was rewritten gets its own slot all the same', async () => {
  const {slots} = opened(3)
  const {slot} = await serve(slots, 'mine', range(500))
  assert.is(slots.take(prompt([...range(100), 7777]), 'mine'), slot)
})

test('a new conversation takes an unused slot, though another shares its first words', async () => {
  const {slots} = opened(2)
  const {slot} = await serve(slots, 'other', [...range(5), ...range(95, 1000)])
  assert.is.not(slots.take(prompt(range(20)), 'new'), slot)
})

test('with none unused it takes the least recently used one; with none free, none', async () => {
  const {slots} = opened(2)
  const {slot} = await serve(slots, 'a', range(50, 1000))
  await serve(slots, 'b', range(50, 2000))
  assert.is(slots.take(prompt(range(20)), 'c'), slot)
  slots.take(prompt(range(20)), 'd')
  assert.is(slots.take(prompt(range(20)), 'e'), undefined)
})

test('the slot of a session that is gone is taken first', async () => {
  const {slots} = opened(2)
  await serve(slots, 'a', range(50, 1000))
  const {slot} = await serve(slots, 'b', range(50, 2000))
  slots.forget('b')
  assert.is(slots.take(prompt(range(20)), 'c'), slot)
})

test('a long shared beginning is copied, a short one evaluated', async () => {
  const {slots, cells} = opened(2)
  await serve(slots, 'a', range(100))
  cells.copied = 99
  const {cachedTokens, source, slot} = await serve(slots, 'b', [...range(40), 7777])
  assert.equal([cachedTokens, source], [40, 'shared'])
  slots.clear(slot)
  assert.is((await serve(slots, 'b', [...range(20), 7777])).source, 'none')
})

test('a copy that came out short is not trusted', async () => {
  const {slots, cells} = opened(2)
  await serve(slots, 'a', range(100))
  cells.copied = 12
  assert.is((await serve(slots, 'b', [...range(40), 7777])).source, 'none')
})

test('a session that loses its slot has its cache back when it returns', async () => {
  const {slots, cells, events} = opened(1, {maxTokens: 1000})
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(200, 1000))
  const {cachedTokens, source} = await serve(slots, 'a', range(120))
  assert.equal([cachedTokens, source], [100, 'saved'])
  assert.equal(
    cells.calls.filter((call) => /save|load/.test(call)),
    ['save 0', 'save 0', 'load 0'],
  )
  assert.equal(events, ['saved a: 100', 'saved b: 200', 'restored a'])
})

test('a cache that is hardly worth it, or of a session that is gone, is not saved', async () => {
  const {slots, events} = opened(1, {maxTokens: 1000})
  await serve(slots, 'a', range(20))
  await serve(slots, 'b', range(100, 1000))
  slots.forget('b')
  await serve(slots, 'c', range(100, 2000))
  assert.equal(events, [])
})

test('a cache that is too long loses its end; where it may not, it is not saved', async () => {
  const cutting = opened(1, {maxTokens: 64})
  await serve(cutting.slots, 'a', range(100))
  await serve(cutting.slots, 'b', range(50, 1000))
  assert.equal(cutting.events, ['saved a: 64'])
  const whole = opened(1, {maxTokens: 64, partial: false})
  await serve(whole.slots, 'a', range(100))
  await serve(whole.slots, 'b', range(50, 1000))
  assert.equal(whole.events, [])
})

test('a cache that is too long is not cut at the cost of what the new conversation shares with it', async () => {
  const {slots, events} = opened(1, {maxTokens: 64})
  await serve(slots, 'a', range(200))
  const {cachedTokens} = await serve(slots, 'b', [...range(150), 7777])
  assert.is(cachedTokens, 150)
  assert.equal(events, [])
})

test('a sliding window that was read back goes on, but does not slide back', async () => {
  const {slots, cells, events} = opened(1, {maxTokens: 150})
  cells.first = 40
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(200, 1000))
  assert.is((await serve(slots, 'a', range(120))).cachedTokens, 100)
  assert.is((await serve(slots, 'a', [...range(60), 7777])).cachedTokens, 0)
  // What is cut off to be saved would be missed as well, so b's is not; a's is whole.
  assert.equal(events, ['saved a: 100', 'restored a', 'superseded a', 'saved a: 120'])
})

test('what was shifted is continued by its own answer alone: more than its tokens went into its cells', async () => {
  const {slots, cells} = opened(3, {maxTokens: 1000})
  const slot = slots.take(prompt(range(300)), 'a')
  assert.ok(slot !== undefined)
  slot.tokens = range(300)
  slots.shift(slot, 100, 50)
  const left = [...slot.tokens]
  assert.is(left.length, 250)
  cells.copied = 249
  // While the answer goes on, and when it has ended.
  const meanwhile = await serve(slots, 'b', left)
  assert.equal([meanwhile.cachedTokens, meanwhile.source], [100, 'shared'])
  slots.release(slot)
  const {cachedTokens} = await serve(slots, 'a', left)
  assert.is(cachedTokens, 250, "b's cells")
  assert.equal(slot.tokens, range(100))
})

test('where a cache may not lose its end, one that differs there is of no use', async () => {
  const {slots} = opened(1, {partial: false})
  await serve(slots, 'a', range(100))
  assert.is((await serve(slots, 'a', [...range(90), 7777])).cachedTokens, 0)
  await serve(slots, 'a', range(100))
  assert.is((await serve(slots, 'a', range(110))).cachedTokens, 100)
})

test('a cache that is evicted while its session comes back leaves the slot empty, not with what was there', async () => {
  const {slots, store, cells} = opened(1, {maxTokens: 1000})
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(200, 1000))
  const evicted = store.find(prompt(range(120)))
  const save = cells.saveSequenceStateToFile.bind(cells)
  // The host's word comes while the cache of b, which loses the slot, is being saved.
  cells.saveSequenceStateToFile = (...args) => {
    store.forget(evicted?.id ?? '')
    return save(...args)
  }
  const slot = slots.take(prompt(range(120)), 'a')
  assert.ok(slot !== undefined)
  assert.equal(await slots.prepare(slot, prompt(range(120)), 'a'), {cachedTokens: 0, source: 'none'})
  assert.equal(slot.tokens, [])
})

test('a cache that cannot be read back is evaluated anew, and reported', async () => {
  const {slots, folder, events} = opened(1, {maxTokens: 1000})
  await serve(slots, 'a', range(100))
  await serve(slots, 'b', range(200, 1000))
  await rm(folder, {recursive: true})
  assert.is((await serve(slots, 'a', range(120))).source, 'none')
  assert.ok(events.some((event) => /^The saved cache .*\.kv could not be used, .*: ENOENT/.test(event)))
  assert.ok(events.includes('failed a'))
})

test('until the next decode, nothing is saved from or read into a slot that is being copied', async () => {
  const {slots, cells, events} = opened(2, {maxTokens: 1000})
  await serve(slots, 'x', range(300, 5000))
  await serve(slots, 'b', range(300, 9000))
  const {slot: source} = await serve(slots, 'a', range(100))
  cells.calls.length = 0
  cells.copied = 99
  // Both requests come before the next decode: c copies a's cells, and then x would be read into the slot that they come from.
  const taken = slots.at(1 - source.id)
  taken.busy = true
  assert.is((await slots.prepare(taken, prompt([...range(60), 7777]), 'c')).source, 'shared')
  const second = slots.take(prompt(range(320, 5000)), 'x')
  assert.ok(second !== undefined && second !== taken)
  assert.is((await slots.prepare(second, prompt(range(320, 5000)), 'x')).source, 'none')
  slots.release(taken)
  const third = slots.take(prompt(range(10, 7000)), 'd')
  assert.ok(third === taken)
  taken.tokens = range(100)
  await slots.prepare(taken, prompt(range(10, 7000)), 'd')
  assert.equal(
    cells.calls.filter((call) => call.startsWith('load')),
    [],
  )
  assert.ok(!events.includes('saved c: 100'))
})

test('of slots that were never used, the lowest one is taken', () => {
  const {slots} = opened(4)
  const taken = [1, 2, 3].map((session) => slots.take(prompt(range(20, session * 1000)), `s${session}`)?.id)
  assert.equal(taken, [0, 1, 2])
})

test('a free slot with room closes a gap, whether it holds tokens or not', async () => {
  const {slots, cells} = opened(3, {capacity: 100})
  assert.ok(slots.canFill(0))
  await serve(slots, 'a', range(50))
  assert.ok(slots.canFill(0))
  cells.first = 10
  assert.not(slots.canFill(0), 'its window has slid: the cells could not be taken back')
  assert.ok(slots.canFill(1), 'an empty one has no window')
  cells.first = 0
  const {slot} = await serve(slots, 'a', range(100))
  assert.not(slots.canFill(slot.id), 'it is full')
})

test('a busy slot closes no gap', async () => {
  const {slots} = opened(2)
  const slot = slots.take(prompt(range(20)), 'a')
  assert.ok(slot?.id === 0)
  assert.not(slots.canFill(0))
  await slots.prepare(slot, prompt(range(20)), 'a')
  slots.release(slot)
  assert.ok(slots.canFill(0))
})

test('until the next decode, the slot that cells are copied into closes no gap; the one that they come from may', async () => {
  const {slots, cells} = opened(3)
  await serve(slots, 'a', range(100))
  cells.copied = 99
  const taken = slots.take(prompt([...range(60), 7777]), 'b')
  assert.ok(taken?.id === 1)
  await slots.prepare(taken, prompt([...range(60), 7777]), 'b')
  // Its request was aborted before it began.
  slots.release(taken)
  assert.equal(
    [0, 1, 2].map((id) => slots.canFill(id)),
    [true, false, true],
  )
  slots.decoded()
  assert.equal(
    [0, 1, 2].map((id) => slots.canFill(id)),
    [true, true, true],
  )
})

test('where a cache may not lose its end, no cell can be taken back', async () => {
  const {slots} = opened(2, {partial: false})
  const {slot} = await serve(slots, 'a', range(50))
  assert.equal([slots.canDiscard(slot), slots.canFill(0), slots.canFill(1)], [false, false, false])
})

test('the cells behind the tokens are removed, and an empty slot is cleared', async () => {
  const {slots, cells} = opened(2)
  const {slot} = await serve(slots, 'a', range(50))
  cells.removed.length = 0
  slots.discardBehind(slot)
  slots.discardBehind(slots.at(1))
  assert.equal(cells.removed, ['remove 50 to -1 of 0', 'clear 1'])
  assert.equal(slot.tokens, range(50))
})

test('where the cells behind the tokens cannot be removed, the slot is emptied', async () => {
  const {slots, cells} = opened(1)
  const {slot} = await serve(slots, 'a', range(50))
  cells.removed.length = 0
  cells.removes = false
  slots.discardBehind(slot)
  assert.equal(cells.removed, ['remove 50 to -1 of 0', 'clear 0'])
  assert.equal(slot.tokens, [])
})

test('there is no slot beyond the last', () => {
  assert.throws(() => opened(2).slots.at(2), /There is no slot 2/)
})

test('sessions with one system prompt evaluate it once, and answer as if each had', async () => {
  const {backend, graph} = await openBackend({parallel: 3})
  try {
    const system_prompt = `You are Ada, a helpful assistant. ${'You like lists and stories. '.repeat(12)}`
    const first = []
    for (const prompt of ['My name is Alice and I live in Paris.', 'Count from 1 to 20.', 'List 5 animals.']) {
      const context = await backend.initExecutionContext(graph)
      first.push((await ask({backend, context}, prompt, {system_prompt})).metadata)
      const {text} = await ask({backend, context}, 'Who are you?', {system_prompt})
      assert.is(text, 'I am Ada, a helpful assistant.')
    }
    const [alone, second, third] = first
    assert.is(alone?.cached_tokens, 0)
    for (const later of [second, third]) assert.ok((later?.cached_tokens ?? 0) > (later?.input_tokens ?? 0) * 0.8)
  } finally {
    await backend.deinit()
  }
})

test('status tells where a session found its cache', async () => {
  const {backend, graph, context} = await openBackend({parallel: 2})
  try {
    const system_prompt = 'You are Ada, a helpful assistant. '.repeat(4)
    const cacheOf = async (id: number): Promise<string | undefined> =>
      (await backend.status('sessions')).sessions.find(({contexts}) => contexts.includes(id))?.cache
    const other = await backend.initExecutionContext(graph)
    await ask({backend, context}, 'Count from 1 to 20.', {system_prompt})
    assert.is(await cacheOf(context), 'none')
    await ask({backend, context: other}, 'List 5 animals.', {system_prompt})
    assert.is(await cacheOf(other), 'shared')
    await ask({backend, context}, 'Hello!', {system_prompt})
    assert.is(await cacheOf(context), 'slot')
  } finally {
    await backend.deinit()
  }
})
