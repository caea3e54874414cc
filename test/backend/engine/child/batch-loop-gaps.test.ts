import * as assert from 'uvu/assert'
import {countPasses} from '../../../../src/backend/engine/child/passes.js'
import type {Generation} from '../../../../src/backend/engine/child/generation.js'
import {suite} from '../../../support/suite.js'
import {type RecordedPart} from './support/fake-context.js'
import {sampled, Loop, isAnswers, sequencesOf, during} from './support/loop.js'

const test = suite('gaps between busy slots')

test('rows stand in the order of the slots, whatever came first', async () => {
  const loop = new Loop({slots: 4})
  // The second one to come has the lowest slot, as it continues what is there.
  loop.slots.at(0).tokens = [11, 12, 13]
  loop.context.of(0).push(11, 12, 13)
  loop.slots.at(0).used = 9
  const came = [loop.add({prompt: 10}), loop.add({prompt: [11, 12, 13, 14]}), loop.add({prompt: 10})]
  assert.equal(
    came.map(({slot}) => slot.id),
    [1, 0, 2],
  )
  await loop.finish()
  for (const batch of loop.answerBatches)
    assert.equal(
      sequencesOf(batch),
      sequencesOf(batch).sort((a, b) => a - b),
    )
  assert.equal(sequencesOf(loop.answerBatches[30] ?? []), [0, 1, 2])
})

test('where a cache cannot lose its end, nothing is padded or filled', async () => {
  const loop = new Loop({slots: 3, partial: false})
  loop.add({prompt: 40, maxTokens: 20})
  loop.add({prompt: 10, maxTokens: 3})
  loop.add({prompt: 10, maxTokens: 20})
  await loop.finish()
  assert.is(loop.loop.counts.filler_rows, 0)
  const withGap = loop.answerBatches
    .map(sequencesOf)
    .filter((ids) => ids.includes(0) && ids.includes(2) && !ids.includes(1))
  assert.ok(withGap.length > 10)
  for (const ids of withGap) assert.equal(ids, [2, 0])
})

/** An answer alone first, so that it is known what one row takes. */
const warmedUp = async (slots: number): Promise<Loop> => {
  const loop = new Loop({slots})
  loop.add({prompt: 10, maxTokens: 3})
  await loop.finish()
  for (const slot of Array.from({length: slots}, (_, id) => loop.slots.at(id))) {
    loop.slots.clear(slot)
    slot.used = 0
  }
  return loop
}

test('a free slot between two busy ones has a row, whose cell does not stay', async () => {
  const loop = await warmedUp(3)
  for (const maxTokens of [64, 3, 64]) loop.add({prompt: 10, maxTokens})
  await loop.finish()
  const late = loop.answerBatches[30] ?? []
  assert.equal(
    late.map(({sequence, wanted}) => [sequence, wanted]),
    [
      [0, [0]],
      [1, []],
      [2, [0]],
    ],
  )
  assert.is(loop.slots.at(1).tokens.length, 12)
  for (const id of [0, 1, 2]) assert.equal(loop.context.of(id), loop.slots.at(id).tokens)
  const filled = loop.answerBatches.flat().filter(({tokens}) => tokens[0] === 0).length
  assert.ok(filled >= 60, String(filled))
  assert.is(loop.loop.counts.filler_rows, filled)
})

test('a failed step empties the free slots that were in it as well', async () => {
  const loop = await warmedUp(3)
  for (const maxTokens of [64, 3, 64]) loop.add({prompt: 10, maxTokens})
  loop.onFinished = ({error}) => {
    if (error === undefined) loop.context.failNext = true
  }
  await loop.finish()
  assert.equal(
    loop.finished.slice(1).map(({error}) => error?.message),
    [undefined, 'Eval has failed', 'Eval has failed'],
  )
  for (const {tokens} of loop.slots.status()) assert.is(tokens, 0)
})

test('two answers go one by one where a single row is far cheaper', async () => {
  const loop = new Loop({slots: 2})
  loop.context.cost = (tokens) => (tokens === 1 ? 10 : 40 + tokens)
  loop.add({prompt: 10, maxTokens: 300})
  await during(loop, isAnswers, () => loop.add({prompt: 10, maxTokens: 300}))
  await loop.finish()
  assert.equal(sequencesOf(loop.answerBatches[150] ?? []), [1, 0])
})

test('which slots share a pass is learned from decodes of several passes as well', async () => {
  const loop = new Loop({slots: 3})
  // At first a single row is cheap; then it is not, and a plan that stays with single rows never sees another size.
  loop.context.cost = (tokens) => (tokens === 1 ? (loop.batches.length < 100 ? 10 : 100) : 40)
  loop.add({prompt: 10, maxTokens: 300})
  await during(loop, isAnswers, () => loop.add({prompt: 10, maxTokens: 300}))
  await loop.finish()
  assert.equal(sequencesOf(loop.answerBatches[80] ?? []), [1, 0])
  assert.equal(sequencesOf(loop.answerBatches[200] ?? []), [0, 1])
})

test('one slow pass does not make slots go one by one for ever', async () => {
  const loop = new Loop({slots: 2})
  let slow = true
  loop.context.cost = (tokens) => {
    if (tokens === 2 && slow && isAnswers(loop.batches.at(-1) ?? [])) {
      slow = false
      return 60
    }
    return tokens === 1 ? 10 : 11
  }
  loop.add({prompt: 10, maxTokens: 1500})
  await during(loop, isAnswers, () => loop.add({prompt: 10, maxTokens: 1400}))
  await loop.finish()
  assert.equal(sequencesOf(loop.answerBatches[100] ?? []), [1, 0])
  assert.equal(sequencesOf(loop.answerBatches[1200] ?? []), [0, 1])
})

/** Two answers with a prompt between them that waits: what it has a row of its own for, and its decodes otherwise. */
const withPromptInGap = async (
  length: number,
): Promise<{loop: Loop; late: Generation; riding: RecordedPart[]; own: RecordedPart[]}> => {
  const loop = new Loop({slots: 3, longestGapMs: 750})
  // Large pieces are much quicker, so that the prompt waits for pauses.
  loop.context.cost = (tokens) => (tokens <= 3 ? 10 + tokens : tokens * (tokens < 64 ? 8 : 3))
  loop.add({prompt: 200, maxTokens: 400})
  loop.add({prompt: 5, maxTokens: 2})
  loop.add({prompt: 200, maxTokens: 400})
  await loop.finish(1)
  const late = await during(loop, isAnswers, () => loop.add({prompt: length, maxTokens: 5}))
  const prompt = (): RecordedPart[] =>
    loop.batches.flat().filter(({tokens}) => (tokens[0] ?? 0) > 30_000 && (tokens[0] ?? 0) < sampled)
  await loop.finish()
  const alone = loop.batches.filter((batch) => batch.length === 1).flat()
  return {
    loop,
    late,
    riding: prompt().filter((part) => !alone.includes(part)),
    own: prompt().filter((part) => alone.includes(part)),
  }
}

test('a waiting prompt closes the gap at its slot with its own next tokens', async () => {
  const {loop, late, riding, own} = await withPromptInGap(600)
  assert.is(late.slot.id, 1)
  assert.ok(riding.length > 20, String(riding.length))
  for (const {tokens, wanted, position} of riding) {
    assert.equal([tokens, wanted], [[30_001 + position], []])
  }
  // Nothing is evaluated twice or left out, and no cell is anything else's.
  const evaluated = [...riding, ...own].reduce((sum, {tokens}) => sum + tokens.filter((token) => token > 0).length, 0)
  assert.is(evaluated, 600)
  assert.equal(
    loop.context.of(1).slice(0, 600),
    Array.from({length: 600}, (_, index) => 30_001 + index),
  )
  assert.is(late.tokens.length, 5)
})

test('the last token of a prompt in a gap is sampled from in the step of the others', async () => {
  const loop = await warmedUp(4)
  for (const maxTokens of [64, 3, 64]) loop.add({prompt: 10, maxTokens})
  const {length} = loop.finished
  await loop.finish(length + 1)
  // It comes during the decode of another one's prompt, so that the step of the answers is next; one token of it is new.
  const cached = [...loop.slots.at(1).tokens]
  const isPrompt = (batch: RecordedPart[]): boolean => !isAnswers(batch)
  await during(loop, isAnswers, () => loop.add({prompt: 30, maxTokens: 8}))
  const late = await during(loop, isPrompt, () => loop.add({prompt: [...cached, 9], maxTokens: 3}))
  await loop.finish()
  const [first] = loop.batches.filter((batch) => batch.some(({tokens}) => tokens[0] === 9))
  assert.equal(sequencesOf(first ?? []), [0, 1, 2, 3])
  assert.equal([late.slot.id, late.prepared?.cachedTokens, late.tokens.length], [1, cached.length, 3])
  assert.is(loop.loop.counts.answer_passes, loop.loop.counts.answer_steps)
})

test('a request that comes during a decode makes no gap', async () => {
  for (const when of [isAnswers, (batch: RecordedPart[]) => !isAnswers(batch)]) {
    for (const length of [1, 2, 50]) {
      const loop = new Loop({slots: 4})
      loop.context.cost = (tokens) => 20 + tokens
      loop.add({prompt: 10})
      const middle = [loop.add({prompt: 5, maxTokens: 2}), loop.add({prompt: 5, maxTokens: 2})]
      loop.add({prompt: 10})
      await loop.finish(middle.length)
      // A prompt whose decode the other one comes in.
      await during(loop, isAnswers, () => loop.add({prompt: 30, maxTokens: 40}))
      await during(loop, when, () => loop.add({prompt: length, maxTokens: 3}))
      await loop.finish()
      for (const batch of loop.answerBatches) assert.is(countPasses(partsOf(batch), 512), 1, JSON.stringify(batch))
      assert.is(loop.loop.counts.answer_passes, loop.loop.counts.answer_steps)
    }
  }
})

const partsOf = (batch: readonly RecordedPart[]): {sequence: number; tokens: number}[] =>
  batch.map(({sequence, tokens}) => ({sequence, tokens: tokens.length}))

/** Numbers from 0 to below 1, the same for each seed (mulberry32). */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

for (const seed of [1, 2, 3]) {
  test(`under staggered load on 16 slots every step of the answers is one pass (seed ${seed})`, async () => {
    const random = randomFrom(seed)
    const between = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1))
    const requests = 300
    const loop = new Loop({slots: 16, longestGapMs: 750})
    // Reading the weights is what costs, and large pieces are quicker.
    loop.context.cost = (tokens) => 60 + tokens * (tokens <= 16 ? 1 : tokens < 64 ? 3 : 1)
    let added = 0
    const free = (): number => loop.slots.status().filter(({busy}) => !busy).length
    const add = (): void => {
      if (added === requests || free() === 0) return
      added++
      const earlier = loop.finished.at(-between(1, 8))
      // Every third one continues an earlier conversation, and has only a little that is new, or one token.
      const shared =
        random() < 0.33 && earlier !== undefined ? earlier.slot.tokens.filter((token) => token < sampled) : []
      const fresh = between(1, random() < 0.2 ? 300 : 40)
      const prompt = [...shared, ...Array.from({length: fresh}, (_, index) => added * 1000 + index + 1)]
      loop.add({prompt, maxTokens: between(1, random() < 0.3 ? 120 : 25)})
    }
    // Requests come while something is decoded, now and then none, now and then several.
    loop.context.whileDecoding = () => {
      const most = Math.floor(loop.batches.length / 60) % 2 === 0 ? 16 : 5
      for (let count = between(-4, 2); count > 0 && 16 - free() < most; count--) add()
    }
    loop.onFinished = () => {
      if (random() < 0.5 || free() === 16) add()
    }
    add()
    await loop.finish(requests)

    assert.ok(loop.finished.every(({error, ended}) => error === undefined && ended === 'max_tokens'))
    const {
      answerBatches,
      loop: {counts},
    } = loop
    assert.ok(answerBatches.length > 400, String(answerBatches.length))
    assert.is(counts.answer_steps, answerBatches.length)
    assert.is(counts.answer_passes, counts.answer_steps)
    for (const batch of answerBatches) {
      assert.is(countPasses(partsOf(batch), 512), 1, String(sequencesOf(batch)))
      assert.is(loop.context.passesOf(batch).length, 1)
    }
    // It was no easy load: most steps had gaps or prompts in them.
    assert.ok(counts.filler_rows > 200, JSON.stringify(counts))
    for (let id = 0; id < 16; id++) assert.equal(loop.context.of(id), loop.slots.at(id).tokens)
  })
}
