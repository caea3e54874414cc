import * as assert from 'uvu/assert'
import {suite} from '../../../support/suite.js'
import {Loop, isAnswers, sequencesOf, run, during} from './support/loop.js'

const test = suite('prompts beside answers')

/** How many tokens of this slot's prompt the decodes had, padding included. */
const promptSteps = ({batches}: Loop, sequence: number): number[] =>
  batches
    .filter((batch) => !isAnswers(batch))
    .flatMap((batch) => batch.filter((part) => part.sequence === sequence).map(({tokens}) => tokens.length))

test('a long prompt goes in whole batches while nobody is answered', async () => {
  const loop = await run([{prompt: 1000}])
  assert.equal(promptSteps(loop, 0), [512, 488])
})

/** An answer's token takes 10 ms, a prompt's 2 ms and 4 ms a batch. */
const slowPrompts = (tokens: number): number => (tokens === 1 ? 10 : 4 + 2 * tokens)

/** Milliseconds from the end of each answer step to that of the next one. */
const gapsOf = async (loop: Loop, {from}: {from: () => boolean}): Promise<number[]> => {
  const gaps: number[] = []
  let last = 0
  loop.onProgress = ({id}) => {
    if (id !== 0) return
    if (from()) gaps.push(loop.context.clock - last)
    last = loop.context.clock
  }
  await loop.finish()
  return gaps
}

test('beside a running answer a prompt takes as long as the answer does, so that a gap at most doubles', async () => {
  const loop = new Loop({slots: 2})
  loop.context.cost = slowPrompts
  loop.add({prompt: 1, maxTokens: 2000})
  const late = await during(loop, isAnswers, () => loop.add({prompt: 1000}))
  const gaps = await gapsOf(loop, {from: () => late.inPrompt})
  // The prompt may take a moment when it comes; from then on 2 tokens are what 10 ms allow.
  const [first = 0, ...beside] = gaps.filter((ms) => ms > 0)
  assert.ok(first <= 10 + 260 * 1.3, `${first}`)
  assert.ok(beside.length > 100)
  assert.ok(beside.filter((ms) => ms > 20).length < beside.length * 0.06, String(beside))
})

test('a gap that nobody minds is used up', async () => {
  const loop = new Loop({slots: 2, longestGapMs: 50})
  loop.context.cost = slowPrompts
  loop.add({prompt: 1, maxTokens: 2000})
  await during(loop, isAnswers, () => loop.add({prompt: 2000}))
  await loop.finish()
  // The moment that it may take at once is over. 30 ms are left beside the answer's 10: 12 tokens take 28.
  const beside = promptSteps(loop, 1).slice(60, 75)
  assert.ok(beside.every((count) => count <= 16) && beside.includes(12), String(beside))
})

test('where large pieces are quicker, a prompt waits for a pause, at most once in 28 tokens of an answer', async () => {
  const loop = new Loop({slots: 2, longestGapMs: 750})
  // As behind 1,900 tokens: 8 ms a token up to 63, then 3.
  loop.context.cost = (tokens) => (tokens === 1 ? 10 : tokens * (tokens < 64 ? 8 : 3))
  loop.add({prompt: 200, maxTokens: 900})
  const late = await during(loop, isAnswers, () => loop.add({prompt: 2000}))
  const gaps = await gapsOf(loop, {from: () => late.promptRest.length > 200})
  const pauses = gaps.flatMap((ms, step) => (ms > 10 ? [{ms, step}] : [])).slice(2)
  assert.ok(pauses.length > 5)
  for (const [index, {ms, step}] of pauses.entries()) {
    assert.ok(ms <= 10 + 1.3 * 280, String(ms))
    assert.ok(step - (pauses[index - 1]?.step ?? -28) >= 28, `step ${step}`)
  }
})

test('a short prompt does not wait for a long one that came before it', async () => {
  const {batches} = await run([{prompt: 3000}, {prompt: 100}], {batchSize: 256})
  assert.equal(sequencesOf(batches[0] ?? []), [1])
})

test('prompts of equal length in slots side by side are one pass', async () => {
  const {batches, loop} = await run(Array.from({length: 4}, () => ({prompt: 100, maxTokens: 2})))
  assert.equal(sequencesOf(batches[0] ?? []), [0, 1, 2, 3])
  assert.is(loop.counts.prompt_passes, 1)
})

test('a piece just below 64 tokens is padded, and what it is padded with does not stay', async () => {
  const loop = new Loop({slots: 1})
  // The first request shows that the memory has a cell for each token, which recurrent memory has not.
  for (let count = 0; count < 2; count++) {
    loop.add({prompt: 40, maxTokens: 2})
    await loop.finish()
  }
  assert.equal(
    loop.batches.map((batch) => batch[0]?.tokens.length),
    [40, 1, 64, 1],
  )
  assert.equal(loop.batches[2]?.[0]?.wanted, [39])
  assert.equal(loop.slots.at(0).tokens, loop.context.of(0))
  assert.is(loop.slots.at(0).tokens.length, 41)
  assert.equal(loop.loop.counts.filler_rows, 24)
  assert.is(loop.finished[1]?.tokens.length, 2)
})

test('moments that prompts did not need are not saved for a later one', async () => {
  const loop = new Loop({slots: 2})
  loop.context.cost = (tokens) => 10 + tokens
  // Alone, one after another: none has to wait.
  for (let count = 0; count < 30; count++) {
    loop.add({prompt: 400, maxTokens: 2})
    await loop.finish()
  }
  const finished = loop.finished.length
  let last = 0
  let longest = 0
  const answer = loop.add({prompt: 1, maxTokens: 600})
  loop.onProgress = ({id}) => {
    if (id !== answer.id) return
    if (answer.tokens.length > 1) longest = Math.max(longest, loop.context.clock - last)
    last = loop.context.clock
  }
  await during(loop, isAnswers, () => loop.add({prompt: 4000, maxTokens: 2}))
  await loop.finish(finished + 2)
  assert.ok(longest <= 11 + 1.3 * 275, `${longest} ms`)
})

test('a prompt that is aborted leaves no moment to the next one', async () => {
  const loop = new Loop({slots: 2})
  loop.context.cost = (tokens) => 10 + tokens
  const answer = loop.add({prompt: 1, maxTokens: 4000})
  for (let count = 0; count < 30; count++) {
    const late = await during(loop, isAnswers, () => loop.add({prompt: 4000}))
    await during(loop, isAnswers, () => late.end('aborted'))
    await loop.finish(count + 1)
  }
  let last = loop.context.clock
  let longest = 0
  loop.onProgress = ({id}) => {
    if (id !== answer.id) return
    longest = Math.max(longest, loop.context.clock - last)
    last = loop.context.clock
  }
  const late = await during(loop, isAnswers, () => loop.add({prompt: 2000, maxTokens: 2}))
  await loop.finish(31)
  assert.is(late.tokens.length, 2)
  answer.end('aborted')
  await loop.finish()
  assert.ok(longest <= 11 + 1.3 * 275, `${longest} ms`)
})

test('a moment is spent once, also where whole batches take less than a step of the answers', async () => {
  const loop = new Loop({slots: 2, batchSize: 64})
  // As on a GPU: a step takes 20 ms, and so do 64 tokens of a prompt.
  loop.context.cost = (tokens) => (tokens <= 2 ? 20 : 19)
  loop.add({prompt: 1, maxTokens: 400})
  const late = await during(loop, isAnswers, () => loop.add({prompt: 4000, maxTokens: 2}))
  const gaps = await gapsOf(loop, {from: () => late.inPrompt})
  assert.ok(gaps.filter((ms) => ms > 100).length <= 2, String(gaps))
})
