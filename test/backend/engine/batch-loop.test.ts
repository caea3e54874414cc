import * as assert from 'uvu/assert'
import type {AddonContext} from '../../../src/backend/engine/addon-types.js'
import {BatchLoop} from '../../../src/backend/engine/batch-loop.js'
import {Generation} from '../../../src/backend/engine/generation.js'
import type {EngineModel} from '../../../src/backend/engine/model.js'
import type {GenerateRequest} from '../../../src/backend/engine/protocol.js'
import {SavedStates} from '../../../src/backend/engine/saved-states.js'
import {Slots} from '../../../src/backend/engine/slots.js'
import {defaultConfig} from '../../../src/backend/config/index.js'
import {suite} from '../../support/suite.js'

const test = suite('batch loop')
const {sampling, stopping} = defaultConfig(2)

/** Records what is decoded; every sampled token is `x`. */
class RecordingContext {
  readonly batches: {sequence: number; position: number; count: number}[][] = []
  failNext = false
  /** Milliseconds on a clock that only decodes move: what a batch of so many tokens takes. */
  clock = 0
  cost: (tokens: number) => number = () => 1
  private open: {sequence: number; position: number; count: number}[] = []
  initBatch(): void {
    this.open = []
  }
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logits: Uint32Array): Uint32Array {
    this.open.push({sequence, position, count: tokens.length})
    return logits
  }
  decodeBatch(): Promise<void> {
    this.batches.push(this.open)
    this.clock += this.cost(this.open.reduce((sum, {count}) => sum + count, 0))
    if (!this.failNext) return Promise.resolve()
    this.failNext = false
    return Promise.reject(new Error('Eval has failed'))
  }
  removeTokenCellsFromSequence(): boolean {
    return true
  }
  getSequenceKvCacheMinPosition(): number {
    return 0
  }
  shiftSequenceTokenCells(): void {
    return undefined
  }
  copySequenceStateFromOtherSequence(): Promise<number> {
    return Promise.resolve(-1)
  }
  disposeSequence(): void {
    return undefined
  }
}

const slotsOf = (context: AddonContext, count: number): Slots =>
  new Slots(
    context,
    count,
    new SavedStates(context, null, {saved: unexpected, unsaved: unexpected, failed: unexpected}),
  )

const unexpected = (): void => {
  throw new Error('Nothing is saved here.')
}

const model = {
  isEog: () => false,
  text: (tokens: Iterable<number>) => 'x'.repeat([...tokens].length),
} as unknown as EngineModel

const request: GenerateRequest = {
  prompt: {mode: 'raw', text: ''},
  session: 's',
  sampling,
  stopping: {...stopping, max_tokens: 64, max_time_ms: 0},
  ...{contextShift: null, contextSize: 4096, cachePrompt: true, deterministic: false, pace: 'free', stream: false},
}

/** Runs prompts of these lengths together to their ends. */
const run = async (
  prompts: readonly {length: number; request?: Partial<GenerateRequest>}[],
  {batchSize = 512, failFirst = false, patienceMs = 0, context = new RecordingContext()} = {},
): Promise<{context: RecordingContext; finished: Generation[]}> => {
  context.failNext = failFirst
  const slots = slotsOf(context as unknown as AddonContext, prompts.length)
  const finished: Generation[] = []
  await new Promise<void>((resolve) => {
    const events = {
      progressed: () => undefined,
      stepped: () => undefined,
      finished: (generation: Generation) => finished.push(generation) === prompts.length && resolve(),
    }
    const settings = {batchSize, patienceMs, gatherMs: 0}
    const loop = new BatchLoop(context as unknown as AddonContext, slots, settings, events, () => context.clock)
    for (const [id, {length, request: changed}] of prompts.entries()) {
      const prompt = Uint32Array.from({length}, (_, i) => id * 10_000 + i)
      const slot = slots.take(prompt, `s${id}`)
      if (slot === undefined) throw new Error('no slot')
      loop.add(
        new Generation({
          ...{id, request: {...request, ...changed}, prompt, slot, dropped: 0, turns: [], model, seed: 1},
          sampler: {next: () => Promise.resolve({token: 7}), dispose: () => undefined},
          build: {release: '', commit: ''},
          now: () => 0,
        }),
      )
    }
  })
  return {context, finished}
}

test('every step decodes a token of every answer: four answers of 64 tokens take 64 decodes', async () => {
  const {context, finished} = await run([{length: 10}, {length: 10}, {length: 10}, {length: 10}])
  assert.is(context.batches.length, 64)
  assert.ok(context.batches.every((batch) => batch.length === 4))
  assert.ok(finished.every(({tokens}) => tokens.length === 64))
})

test('tokens go to the position behind those that the slot holds', async () => {
  const {context} = await run([{length: 10, request: {stopping: {...request.stopping, max_tokens: 3}}}])
  assert.equal(context.batches.flat(), [
    {sequence: 0, position: 0, count: 10},
    {sequence: 0, position: 10, count: 1},
    {sequence: 0, position: 11, count: 1},
  ])
})

/** The decodes with this sequence's prompt in them, and how long each took. */
const promptSteps = (context: RecordingContext, sequence: number): number[] =>
  context.batches
    .flatMap((batch) => batch.filter((part) => part.sequence === sequence && part.position < 1000))
    .map(({count}) => count)

test('a long prompt goes in whole batches while nobody is answered', async () => {
  const {context} = await run([{length: 1000}])
  assert.equal(promptSteps(context, 0).slice(0, 2), [512, 488])
})

test('beside a running answer a prompt takes as long as the answer does, so that a gap at most doubles', async () => {
  const context = new RecordingContext()
  // An answer's token takes 10 ms, a prompt's 2 ms and 4 ms a batch.
  context.cost = (tokens) => (tokens === 1 ? 10 : 4 + 2 * tokens)
  const long = {stopping: {...request.stopping, max_tokens: 2000}}
  await run([{length: 1, request: long}, {length: 1000}], {context})
  const [first, moment, ...beside] = promptSteps(context, 1)
  // The first batch had room for all but one token, and it may take a moment; from then on 2 tokens are what 10 ms allow.
  assert.equal([first, moment], [511, 128])
  assert.ok(beside.filter((count) => count > 2).length < beside.length * 0.06, String(beside))
})

test('a gap that nobody minds is used up', async () => {
  const context = new RecordingContext()
  context.cost = (tokens) => (tokens === 1 ? 10 : 4 + 2 * tokens)
  const long = {stopping: {...request.stopping, max_tokens: 2000}}
  await run([{length: 1, request: long}, {length: 1000}], {context, patienceMs: 50})
  const beside = promptSteps(context, 1).slice(3, 20)
  // 40 ms are left beside the answer's 10: 16 tokens take 36.
  assert.ok(beside.every((count) => count <= 16) && beside.includes(16), String(beside))
})

test('a short prompt does not wait for a long one that came before it', async () => {
  const {context} = await run([{length: 3000}, {length: 100}], {batchSize: 256})
  const first = context.batches.findIndex((batch) => batch.some(({sequence}) => sequence === 1))
  assert.is(first, 0)
})

test('no batch is larger than allowed', async () => {
  const {context} = await run([{length: 100}, {length: 100}, {length: 100}], {batchSize: 32})
  for (const batch of context.batches) assert.ok(batch.reduce((sum, {count}) => sum + count, 0) <= 32)
})

test('a deterministic answer is decoded in batches of its own', async () => {
  const {context} = await run([{length: 10, request: {deterministic: true}}, {length: 10}, {length: 10}])
  for (const batch of context.batches) {
    const sequences = batch.map(({sequence}) => sequence)
    if (sequences.includes(0)) assert.equal(sequences, [0])
  }
})

test('cells are only touched between decodes, also for a request that comes during one', async () => {
  const context = new RecordingContext()
  const slots = slotsOf(context as unknown as AddonContext, 2)
  const touched: boolean[] = []
  let decoding = false
  let second = false
  context.decodeBatch = async () => {
    decoding = true
    if (!second) add(1)
    second = true
    await new Promise((resolve) => setImmediate(resolve))
    decoding = false
  }
  context.removeTokenCellsFromSequence = () => touched.push(decoding) > 0
  const finished: Generation[] = []
  let loop: BatchLoop
  const add = (id: number): void => {
    const slot = slots.take(Uint32Array.of(1, 2, 3), `s${id}`)
    if (slot === undefined) return
    // As if an earlier request had left more than what is shared.
    slot.tokens = [1, 2, 9, 9]
    const parts = {id, request: {...request, stopping: {...stopping, max_tokens: 2}}, prompt: Uint32Array.of(1, 2, 3)}
    loop.add(
      new Generation({
        ...{
          ...parts,
          slot,
          dropped: 0,
          turns: [],

          model,
          seed: 1,
          build: {release: '', commit: ''},
          now: () => 0,
        },
        sampler: {next: () => Promise.resolve({token: 7}), dispose: () => undefined},
      }),
    )
  }
  await new Promise<void>((resolve) => {
    loop = new BatchLoop(
      context as unknown as AddonContext,
      slots,
      {batchSize: 8, patienceMs: 0, gatherMs: 0},
      {
        progressed: () => undefined,
        stepped: () => undefined,
        finished: (generation) => finished.push(generation) === 2 && resolve(),
      },
    )
    add(0)
  })
  assert.equal(touched, [false, false])
  assert.equal(
    finished.map(({prepared}) => prepared?.cachedTokens),
    [2, 2],
  )
})

test('a failed decode fails the answers in it, and says why', async () => {
  const {finished} = await run([{length: 10}, {length: 10}], {failFirst: true})
  assert.equal(
    finished.map(({error}) => error?.message),
    ['Eval has failed', 'Eval has failed'],
  )
})

test('an answer whose time is over ends between tokens', async () => {
  const stopped = {...request.stopping, max_time_ms: 1}
  const context = new RecordingContext()
  const slots = slotsOf(context as unknown as AddonContext, 1)
  const slot = slots.take(Uint32Array.of(1, 2), 's')
  if (slot === undefined) throw new Error('no slot')
  let clock = 0
  const ended = await new Promise<Generation>((resolve) => {
    const loop = new BatchLoop(
      context as unknown as AddonContext,
      slots,
      {batchSize: 8, patienceMs: 0, gatherMs: 0},
      {
        progressed: () => (clock += 0.4),
        stepped: () => undefined,
        finished: resolve,
      },
    )
    loop.add(
      new Generation({
        ...{
          id: 0,
          request: {...request, stopping: stopped},
          prompt: Uint32Array.of(1, 2),
          slot,
          dropped: 0,
          turns: [],

          model,
          seed: 1,
        },
        sampler: {next: () => Promise.resolve({token: 7}), dispose: () => undefined},
        build: {release: '', commit: ''},
        now: () => clock,
      }),
    )
  })
  assert.equal([ended.ended, ended.tokens.length], ['max_time', 3])
})
