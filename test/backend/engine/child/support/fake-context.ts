import * as assert from 'uvu/assert'
import type {AddonContext} from '../../../../../src/backend/engine/child/addon-types.js'
import type {Clocks} from '../../../../../src/backend/engine/child/decoder.js'
import {PrefixStore} from '../../../../../src/backend/engine/child/prefix-store.js'
import {Slots} from '../../../../../src/backend/engine/child/slots.js'
import {splitEqual} from './split-equal.js'

/** Tokens of one sequence in a recorded batch. */
export interface RecordedPart {
  sequence: number
  position: number
  tokens: number[]
  /** Which of them have logits. */
  wanted: number[]
}

/**
 * A context without a model: it keeps the cells of each sequence as llama.cpp does, records the batches, and has a clock
 * that only decodes move. A batch that does not continue the cells of its sequences fails the test.
 */
export class FakeContext {
  readonly batches: RecordedPart[][] = []
  readonly cells = new Map<number, number[]>()
  failNext = false
  /** Milliseconds. */
  clock = 0
  /** What one pass over the weights takes for so many tokens, in milliseconds. */
  cost: (tokens: number) => number = () => 1
  /** Called while a batch is decoded. */
  whileDecoding: (batch: RecordedPart[]) => unknown = () => undefined
  /** Tokens of the largest pass. */
  largest = 512
  readonly clocks: Clocks = {now: () => this.clock, cost: () => this.clock}
  private open: RecordedPart[] = []
  private decoding = false

  get addon(): AddonContext {
    return this as unknown as AddonContext
  }

  /** Tokens of the passes over the weights that llama.cpp makes of a batch. */
  passesOf(batch: readonly RecordedPart[]): number[] {
    const sequences = batch.flatMap(({sequence, tokens}) => tokens.map(() => sequence))
    return splitEqual(sequences, this.largest).map(({length}) => length)
  }

  of(sequence: number): number[] {
    const held = this.cells.get(sequence) ?? []
    this.cells.set(sequence, held)
    return held
  }

  initBatch(): void {
    this.open = []
  }

  addToBatch(sequence: number, position: number, tokens: Uint32Array, wanted: Uint32Array): Uint32Array {
    const before = this.open.reduce((sum, part) => sum + part.tokens.length, 0)
    this.open.push({sequence, position, tokens: [...tokens], wanted: [...wanted]})
    return wanted.map((index) => before + index)
  }

  async decodeBatch(): Promise<void> {
    const batch = this.open
    this.touch()
    this.batches.push(batch)
    const tokens = batch.reduce((sum, part) => sum + part.tokens.length, 0)
    assert.ok(tokens <= this.largest, `a batch of ${tokens} tokens`)
    for (const part of batch) {
      assert.is(part.position, this.of(part.sequence).length, `position in sequence ${part.sequence}`)
      this.of(part.sequence).push(...part.tokens)
    }
    this.decoding = true
    await this.whileDecoding(batch)
    this.decoding = false
    this.clock += this.passesOf(batch).reduce((sum, size) => sum + this.cost(size), 0)
    if (!this.failNext) return
    this.failNext = false
    throw new Error('Eval has failed')
  }

  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean {
    this.touch()
    this.of(sequence).splice(start, end < 0 ? Infinity : end - start)
    return true
  }

  getSequenceKvCacheMinPosition(sequence: number): number {
    return this.of(sequence).length === 0 ? -1 : 0
  }

  shiftSequenceTokenCells(): void {
    this.touch()
  }

  copySequenceStateFromOtherSequence(to: number, from: number): Promise<number> {
    this.touch()
    // llama.cpp copies which cells there are at once, and what they hold at the next decode.
    this.cells.set(to, [...this.of(from)])
    return Promise.resolve(this.of(from).length - 1)
  }

  disposeSequence(sequence: number): void {
    this.touch()
    this.cells.delete(sequence)
  }

  /** A decode reads the cells on another thread. */
  private touch(): void {
    assert.not(this.decoding, 'Cells were touched during a decode.')
  }
}

const unexpected = (): void => {
  throw new Error('Nothing is saved here.')
}

/** Slots of a context that saves nothing. */
export function slotsOf(context: AddonContext, count: number, {partial = true, capacity = Infinity} = {}): Slots {
  const events = {saved: unexpected, restored: unexpected, unsaved: unexpected, failed: unexpected}
  const states = new PrefixStore(context, null, events)
  return new Slots(context, count, states, partial, true, capacity)
}
