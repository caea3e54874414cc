import * as assert from 'uvu/assert'
import {Decoder, engineClocks, wallClocks, type Row} from '../../../../src/backend/engine/child/decoder.js'
import {noDecodes} from '../../../../src/backend/engine/decode-counts.js'
import type {Slots} from '../../../../src/backend/engine/child/slots.js'
import {suite} from '../../../support/suite.js'
import {thrownBy} from '../../../support/rejects.js'
import {FakeContext, slotsOf} from './support/fake-context.js'

const test = suite('decoder')

const opened = (count = 4, batchSize = 512): {context: FakeContext; slots: Slots; decoder: Decoder} => {
  const context = new FakeContext()
  context.largest = batchSize
  const slots = slotsOf(context.addon, count)
  return {context, slots, decoder: new Decoder(context.addon, slots, batchSize, context.clocks)}
}

const row = (
  slots: Slots,
  id: number,
  tokens: number[],
  {keep = tokens.length, wanted = [] as number[]} = {},
): Row => ({
  slot: slots.at(id),
  tokens: Uint32Array.from(tokens),
  keep,
  wanted: Uint32Array.from(wanted),
})

test('tokens go behind those that the slot holds, and into it', async () => {
  const {context, slots, decoder} = opened()
  await decoder.decode([row(slots, 1, [5, 6, 7])], 'prompts')
  await decoder.decode([row(slots, 1, [8], {wanted: [0]})], 'answers')
  assert.equal(slots.at(1).tokens, [5, 6, 7, 8])
  assert.equal(
    context.batches.flat().map(({position, tokens}) => [position, tokens]),
    [
      [0, [5, 6, 7]],
      [3, [8]],
    ],
  )
})

test('each row is told where in the batch its logits are', async () => {
  const {slots, decoder} = opened()
  const {logits} = await decoder.decode(
    [row(slots, 0, [1, 2, 3], {wanted: [2]}), row(slots, 1, [4]), row(slots, 2, [5, 6], {wanted: [0, 1]})],
    'prompts',
  )
  assert.equal(
    logits.map((found) => [...found]),
    [[2], [], [4, 5]],
  )
})

test('the cells of padding are removed, and the slot keeps the tokens before it', async () => {
  const {context, slots, decoder} = opened()
  await decoder.decode([row(slots, 0, [1, 2, 3, 0, 0], {keep: 3, wanted: [2]})], 'prompts')
  assert.equal(slots.at(0).tokens, [1, 2, 3])
  assert.equal(context.of(0), [1, 2, 3])
  assert.is(decoder.counts.filler_rows, 2)
})

test('the cell of a filler row is removed, behind tokens and in an empty slot', async () => {
  const {context, slots, decoder} = opened()
  await decoder.decode([row(slots, 0, [1, 2])], 'prompts')
  const rows = [0, 1].map((id) => row(slots, id, [0], {keep: 0}))
  await decoder.decode([...rows, row(slots, 2, [9], {wanted: [0]})], 'answers')
  assert.equal(
    [0, 1, 2].map((id) => slots.at(id).tokens),
    [[1, 2], [], [9]],
  )
  assert.equal(
    [0, 1, 2].map((id) => context.of(id)),
    [[1, 2], [], [9]],
  )
})

test('it counts steps and passes of answers, passes of prompts, and rows without a use', async () => {
  const {slots, decoder} = opened(4, 16)
  assert.equal(decoder.counts, noDecodes)
  const answers = (...ids: number[]): Row[] => ids.map((id) => row(slots, id, [7], {wanted: [0]}))
  await decoder.decode(answers(0, 1, 2, 3), 'answers')
  await decoder.decode(answers(3, 0, 1), 'answers')
  assert.equal(decoder.counts, {...noDecodes, answer_steps: 2, answer_passes: 3, prompt_passes: 0, filler_rows: 0})
  await decoder.decode([row(slots, 0, [1, 2, 3, 4], {keep: 3}), row(slots, 1, [1, 2], {wanted: [1]})], 'prompts')
  assert.equal(decoder.counts, {...noDecodes, answer_steps: 2, answer_passes: 3, prompt_passes: 2, filler_rows: 1})
  // A prompt's token that rides in a step is of use.
  await decoder.decode([row(slots, 0, [5]), row(slots, 1, [0], {keep: 0}), ...answers(2)], 'answers')
  assert.equal(decoder.counts, {...noDecodes, answer_steps: 3, answer_passes: 4, prompt_passes: 2, filler_rows: 2})
})

test('a decode costs what the clock of costs says, and is under way by the other', async () => {
  const {context, slots, decoder} = opened()
  context.cost = (tokens) => tokens * 2
  let now = 5
  context.clocks.now = () => now
  context.whileDecoding = () => {
    now = 12
    assert.is(decoder.decodingMs, 7)
  }
  assert.is(decoder.decodingMs, 0)
  const {ms} = await decoder.decode([row(slots, 0, [1, 2, 3])], 'prompts')
  assert.equal([ms, decoder.decodingMs], [6, 0])
})

test('a decode that fails adds no token and is not counted', async () => {
  const {context, slots, decoder} = opened()
  context.failNext = true
  const error = await thrownBy(decoder.decode([row(slots, 0, [1, 2])], 'prompts'))
  assert.is((error as Error).message, 'Eval has failed')
  assert.equal([slots.at(0).tokens, decoder.counts.prompt_passes, decoder.decodingMs], [[], 0, 0])
})

test('on a GPU a decode costs the time that passes, on a CPU what its threads compute', () => {
  assert.is(engineClocks({gpuLayers: 1, threads: 2}), wallClocks)
  const one = engineClocks({gpuLayers: 0, threads: 1})
  const four = engineClocks({gpuLayers: 0, threads: 4})
  assert.is(one.now, wallClocks.now)
  assert.ok(four.cost() < one.cost())
})
