import * as assert from 'uvu/assert'
import {suite} from '../../../support/suite.js'
import {FakeContext} from './support/fake-context.js'
import {request, Loop, sequencesOf, sizeOf, run} from './support/loop.js'

const test = suite('batch loop')

test('every step decodes a token of every answer: four answers of 64 tokens take 64 decodes', async () => {
  const {batches, finished, loop} = await run([{prompt: 10}, {prompt: 10}, {prompt: 10}, {prompt: 10}])
  assert.is(batches.length, 64)
  assert.ok(batches.every((batch) => batch.length === 4))
  assert.ok(finished.every(({tokens}) => tokens.length === 64))
  assert.equal(loop.counts, {
    answer_steps: 63,
    answer_passes: 63,
    prompt_passes: 1,
    filler_rows: 0,
    drafted_tokens: 0,
    accepted_tokens: 0,
  })
})

test('tokens go to the position behind those that the slot holds', async () => {
  const {batches} = await run([{prompt: 10, maxTokens: 3}])
  assert.equal(
    batches.flat().map(({sequence, position, tokens}) => ({sequence, position, count: tokens.length})),
    [
      {sequence: 0, position: 0, count: 10},
      {sequence: 0, position: 10, count: 1},
      {sequence: 0, position: 11, count: 1},
    ],
  )
})

test('no batch is larger than allowed', async () => {
  const {batches} = await run([{prompt: 100}, {prompt: 100}, {prompt: 100}], {batchSize: 32})
  for (const batch of batches) assert.ok(sizeOf(batch) <= 32)
})

test('a deterministic answer is decoded in batches of its own, and its prompt is not padded', async () => {
  const {batches} = await run([{prompt: 40, request: {deterministic: true}}, {prompt: 10}, {prompt: 10}])
  for (const batch of batches) {
    const sequences = sequencesOf(batch)
    if (sequences.includes(0)) assert.equal(sequences, [0])
  }
  assert.is(batches.find((batch) => sequencesOf(batch).includes(0))?.[0]?.tokens.length, 40)
})

test('a deterministic request that ends while another is evaluated is not evaluated any more', async () => {
  let clock = 0
  const loop = new Loop({slots: 2, now: () => clock})
  loop.context.whileDecoding = () => (clock += 10)
  const deterministic = {deterministic: true}
  loop.add({prompt: 10, maxTokens: 4, request: deterministic})
  const stopped = {...request.stopping, max_tokens: 4, max_time_ms: 5}
  const late = loop.add({prompt: 10, request: {...deterministic, stopping: stopped}})
  await loop.finish()
  assert.equal([late.ended, late.tokens.length], ['max_time', 0])
  for (const batch of loop.batches) assert.not(sequencesOf(batch).includes(late.slot.id))
  assert.equal(loop.slots.at(late.slot.id).tokens, [])
})

test('cells are only touched between decodes, also for a request that comes during one', async () => {
  const loop = new Loop({slots: 2, batchSize: 8})
  const add = (): void => {
    const free = loop.slots.status().find(({busy}) => !busy)
    if (free === undefined) return
    // As if an earlier request had left more than what is shared.
    loop.slots.at(free.slot).tokens = [1, 2, 9, 9]
    loop.context.cells.set(free.slot, [1, 2, 9, 9])
    loop.add({prompt: [1, 2, 3], maxTokens: 2})
  }
  add()
  // The context fails the test when its cells are touched during a decode.
  loop.context.whileDecoding = async () => {
    loop.context.whileDecoding = () => undefined
    add()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await loop.finish(2)
  assert.equal(
    loop.finished.map(({prepared, error}) => [prepared?.cachedTokens, error]),
    [
      [2, undefined],
      [2, undefined],
    ],
  )
})

test('a failed decode fails the answers in it, and says why', async () => {
  const context = new FakeContext()
  context.failNext = true
  const {finished} = await run([{prompt: 10}, {prompt: 10}], {context})
  assert.equal(
    finished.map(({error}) => error?.message),
    ['Eval has failed', 'Eval has failed'],
  )
})

test('an answer whose time is over ends between tokens', async () => {
  let clock = 0
  const loop = new Loop({slots: 1, batchSize: 8, now: () => clock})
  loop.onProgress = () => (clock += 0.4)
  loop.add({prompt: 2, request: {stopping: {...request.stopping, max_time_ms: 1}}})
  await loop.finish()
  const [ended] = loop.finished
  assert.equal([ended?.ended, ended?.tokens.length], ['max_time', 3])
})

test('a request that comes between two steps waits until its slot is prepared', async () => {
  const loop = new Loop({slots: 1})
  for (let count = 1; count <= 20; count++) {
    // As long as the one before, whose tokens are still in the slot.
    loop.add({prompt: 40, maxTokens: 3})
    await loop.finish(count)
  }
  assert.equal(
    loop.finished.map(({error, tokens}) => [error, tokens.length]),
    loop.finished.map(() => [undefined, 3]),
  )
})
