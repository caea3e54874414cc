import {BatchLoop, type LoopEvents} from '../../../../../src/backend/engine/child/batch-loop.js'
import {Generation} from '../../../../../src/backend/engine/child/generation.js'
import type {EngineModel} from '../../../../../src/backend/engine/child/model.js'
import type {GenerateRequest} from '../../../../../src/backend/engine/protocol.js'
import type {Slots} from '../../../../../src/backend/engine/child/slots.js'
import {defaultConfig} from '../../../../../src/config/index.js'
import {FakeContext, slotsOf, type RecordedPart} from './fake-context.js'

const {sampling, stopping} = defaultConfig(2)

const model = {
  isEog: () => false,
  text: (tokens: Iterable<number>) => 'x'.repeat([...tokens].length),
} as unknown as EngineModel

export const request: GenerateRequest = {
  prompt: {mode: 'raw', text: ''},
  droppedBefore: 0,
  session: null,
  sampling,
  stopping: {...stopping, max_tokens: 64, max_time_ms: 0, max_repetition_count: 0},
  ...{contextShift: null, contextSize: 4096, cachePrompt: true, deterministic: false, pace: 'free', stream: false},
  promptLookup: true,
}

/** Tokens from here on were sampled; those of prompts are smaller, and 0 is a filler. */
export const sampled = 1_000_000

export interface Asked {
  /** The tokens of the prompt, or how many it has. */
  prompt: number[] | number
  maxTokens?: number
  /** The token that is sampled next, by how many were sampled before. */
  says?: (index: number) => number
  request?: Partial<GenerateRequest>
}

/** A loop on a context without a model, and what came of the requests that were added. */
export class Loop {
  readonly context: FakeContext
  readonly slots: Slots
  readonly batches: RecordedPart[][]
  readonly finished: Generation[] = []
  readonly loop: BatchLoop
  onFinished: (generation: Generation) => void = () => undefined
  onProgress: (generation: Generation) => void = () => undefined
  private readonly all: Generation[] = []
  private readonly waiting: {count: number; resolve: () => void}[] = []

  constructor({
    context = new FakeContext(),
    slots = 4,
    batchSize = 512,
    longestGapMs = 0,
    partial = true,
    now = (): number => 0,
  } = {}) {
    this.context = context
    this.batches = context.batches
    context.largest = batchSize
    this.slots = slotsOf(context.addon, slots, {partial, capacity: 4096})
    this.now = now
    const events: LoopEvents = {
      progressed: (generation) => this.onProgress(generation),
      stepped: () => undefined,
      finished: (generation) => {
        this.finished.push(generation)
        this.onFinished(generation)
        for (const {count, resolve} of this.waiting) if (this.finished.length >= count) resolve()
      },
    }
    this.loop = new BatchLoop(context.addon, this.slots, {batchSize, longestGapMs, gatherMs: 0}, events, context.clocks)
  }

  private readonly now: () => number

  add({prompt: asked, maxTokens = 64, says, request: changed}: Asked): Generation {
    const id = this.all.length
    let said = 0
    const prompt = Uint32Array.from(
      typeof asked === 'number' ? Array.from({length: asked}, (_, index) => id * 10_000 + index + 1) : asked,
    )
    const slot = this.slots.take(prompt, null)
    if (slot === undefined) throw new Error('no slot')
    const generation = new Generation({
      ...{
        id,
        prompt,
        slot,
        dropped: 0,
        turns: [],
        patterns: [],
        model,
        guesses: changed?.promptLookup !== false,
        seed: 1,
        build: {release: '', commit: ''},
        now: this.now,
      },
      request: {...request, ...changed, stopping: {...request.stopping, max_tokens: maxTokens, ...changed?.stopping}},
      sampler: {
        next: () => Promise.resolve({token: says === undefined ? sampled + id * 100_000 + said++ : says(said++)}),
        dispose: () => undefined,
      },
    })
    this.all.push(generation)
    this.loop.add(generation)
    return generation
  }

  /** Resolves when so many have finished. */
  finish(count = this.all.length): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({count, resolve})
      if (this.finished.length >= count) resolve()
    })
  }

  /** Batches that make a token of each answer. */
  get answerBatches(): RecordedPart[][] {
    return this.batches.filter(isAnswers)
  }
}

export const isAnswers = (batch: readonly RecordedPart[]): boolean =>
  batch.some(({tokens}) => tokens.some((token) => token >= sampled))
export const sequencesOf = (batch: readonly RecordedPart[]): number[] => batch.map(({sequence}) => sequence)
export const sizeOf = (batch: readonly RecordedPart[]): number =>
  batch.reduce((sum, {tokens}) => sum + tokens.length, 0)

/** Runs prompts of these lengths together to their ends. */
export const run = async (
  prompts: readonly Asked[],
  options: ConstructorParameters<typeof Loop>[0] = {},
): Promise<Loop> => {
  const loop = new Loop({slots: prompts.length, ...options})
  for (const asked of prompts) loop.add(asked)
  await loop.finish()
  return loop
}

/** Waits for the next decode whose batch is so, and gives what `act` does during it. */
export const during = <Result>(
  loop: Loop,
  when: (batch: RecordedPart[]) => boolean,
  act: () => Result,
): Promise<Result> =>
  new Promise((resolve) => {
    loop.context.whileDecoding = (batch) => {
      if (!when(batch)) return
      loop.context.whileDecoding = () => undefined
      resolve(act())
    }
  })
