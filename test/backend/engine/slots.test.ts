import * as assert from 'uvu/assert'
import type {AddonContext} from '../../../src/backend/engine/addon-types.js'
import {Slots, type Slot} from '../../../src/backend/engine/slots.js'
import {ask, openBackend} from '../../support/fixtures.js'
import {suite} from '../../support/suite.js'

const test = suite('slots', {timeoutMs: 20_000})

const cells = {
  removeTokenCellsFromSequence: () => true,
  disposeSequence: () => undefined,
  copied: 0,
  copySequenceStateFromOtherSequence: () => Promise.resolve(cells.copied),
}

const opened = (count: number): Slots => new Slots(cells as unknown as AddonContext, count)

/** Takes a slot for a prompt, leaves these tokens in it and gives it back. */
const leave = (slots: Slots, tokens: number[]): Slot => {
  const slot = slots.take(Uint32Array.from(tokens))
  if (slot === undefined) throw new Error('no slot')
  slot.tokens = tokens
  slots.release(slot)
  return slot
}

const range = (length: number, from = 0): number[] => Array.from({length}, (_, i) => from + i)

test('a conversation gets the slot that it continues', () => {
  const slots = opened(3)
  const mine = leave(slots, range(50))
  leave(slots, range(50, 1000))
  assert.is(slots.take(Uint32Array.from(range(60))), mine)
})

test('a new conversation takes an unused slot, though another shares its first words', () => {
  const slots = opened(2)
  const other = leave(slots, [...range(5), ...range(95, 1000)])
  assert.is.not(slots.take(Uint32Array.from(range(20))), other)
})

test('with none unused it takes the least recently used one; with none free, none', () => {
  const slots = opened(2)
  const first = leave(slots, range(50, 1000))
  leave(slots, range(50, 2000))
  assert.is(slots.take(Uint32Array.from(range(20))), first)
  slots.take(Uint32Array.from(range(20)))
  assert.is(slots.take(Uint32Array.from(range(20))), undefined)
})

test('a long shared beginning is copied, a short one evaluated', async () => {
  const slots = opened(2)
  leave(slots, range(100))
  const slot = slots.take(Uint32Array.from([...range(40), 7777]))
  if (slot === undefined) throw new Error('no slot')
  cells.copied = 99
  assert.equal(await slots.prepare(slot, Uint32Array.from([...range(40), 7777])), {cachedTokens: 40, source: 'shared'})
  assert.equal(slot.tokens, range(40))
  slots.clear(slot)
  assert.equal(await slots.prepare(slot, Uint32Array.from([...range(20), 7777])), {cachedTokens: 0, source: 'none'})
})

test('a copy that came out short is not trusted', async () => {
  const slots = opened(2)
  leave(slots, range(100))
  const slot = slots.take(Uint32Array.from([...range(40), 7777]))
  if (slot === undefined) throw new Error('no slot')
  cells.copied = 12
  assert.equal(await slots.prepare(slot, Uint32Array.from([...range(40), 7777])), {cachedTokens: 0, source: 'none'})
  assert.equal(slot.tokens, [])
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
