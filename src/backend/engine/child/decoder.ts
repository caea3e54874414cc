import type {AddonContext} from './addon-types.js'
import {countPasses} from './passes.js'
import type {Slot, Slots} from './slots.js'
import {noDecodes, type DecodeCounts} from '../decode-counts.js'

/** The part of one slot in a batch. */
export interface Row {
  slot: Slot
  tokens: Uint32Array
  /** Tokens that stay in the slot; the cells of later tokens are removed after the decode. */
  keep: number
  /** Which of the tokens are sampled from, rising. */
  wanted: Uint32Array
}

export interface Clocks {
  /** Monotonic, in milliseconds. */
  now: () => number
  /** Clock for the cost of a decode, in milliseconds; excludes the time of other programs if the system reports it. */
  cost: () => number
}

const wallClock = (): number => performance.now()
export const wallClocks: Clocks = {now: wallClock, cost: wallClock}

/** The clocks of an engine: threads on a CPU are charged for what they compute, a GPU's time is only seen from outside. */
export function engineClocks({gpuLayers, threads}: {gpuLayers: number; threads: number}): Clocks {
  if (gpuLayers > 0) return wallClocks
  const cost = (): number => {
    const {user, system} = process.cpuUsage()
    return (user + system) / 1000 / threads
  }
  return {now: wallClock, cost}
}

/** Runs batches through llama.cpp and keeps the slots in step with their cells. */
export class Decoder {
  readonly counts: DecodeCounts = {...noDecodes}
  private decodingSince: number | undefined

  constructor(
    private readonly context: AddonContext,
    private readonly slots: Slots,
    private readonly batchSize: number,
    private readonly clocks: Clocks,
  ) {}

  /** How long the current decode has run, in milliseconds; 0 if there is none. */
  get decodingMs(): number {
    return this.decodingSince === undefined ? 0 : this.clocks.now() - this.decodingSince
  }

  /**
   * Decodes the rows in one batch, in their order.
   *
   * @returns where in the batch the wanted logits of each row are, and what it cost in milliseconds
   * @throws what llama.cpp says; then what the cells of these slots hold is unknown
   */
  async decode(rows: readonly Row[], kind: 'answers' | 'prompts'): Promise<{logits: Uint32Array[]; ms: number}> {
    this.context.initBatch(rows.reduce((total, {tokens}) => total + tokens.length, 0))
    const logits = rows.map(({slot, tokens, wanted}) =>
      this.context.addToBatch(slot.id, slot.tokens.length, tokens, wanted),
    )
    this.decodingSince = this.clocks.now()
    const from = this.clocks.cost()
    try {
      const decoded = this.context.decodeBatch()
      this.slots.decoded()
      await decoded
    } finally {
      this.decodingSince = undefined
    }
    const ms = this.clocks.cost() - from
    for (const row of rows) this.take(row)
    this.count(rows, kind)
    return {logits, ms}
  }

  private take({slot, tokens, keep}: Row): void {
    for (const token of tokens.subarray(0, keep)) slot.tokens.push(token)
    if (keep < tokens.length) this.slots.discardBehind(slot)
  }

  private count(rows: readonly Row[], kind: 'answers' | 'prompts'): void {
    const parts = rows.map(({slot, tokens}) => ({sequence: slot.id, tokens: tokens.length}))
    const passes = countPasses(parts, this.batchSize)
    if (kind === 'answers') {
      this.counts.answer_steps++
      this.counts.answer_passes += passes
    } else this.counts.prompt_passes += passes
    for (const {tokens, keep, wanted} of rows) {
      if (wanted.length === 0 || kind === 'prompts') this.counts.filler_rows += tokens.length - keep
    }
  }
}
