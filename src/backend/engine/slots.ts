import type {AddonContext} from './addon-types.js'
import type {SlotStatus} from './protocol.js'

/** A llama.cpp sequence: the tokens whose keys and values its cells hold. */
export interface Slot {
  readonly id: number
  tokens: number[]
  busy: boolean
  /** Order of the last use; the smallest is the least recent. */
  used: number
}

/** The context's sequences, and which tokens each of them has in the KV cache. */
export class Slots {
  private readonly slots: Slot[]
  private clock = 0

  constructor(
    private readonly context: AddonContext,
    count: number,
  ) {
    this.slots = Array.from({length: count}, (_, id) => ({id, tokens: [], busy: false, used: 0}))
  }

  /** The free slot that shares the longest prefix with the prompt; among equals the least recently used one. */
  take(prompt: Uint32Array): Slot | undefined {
    let best: {slot: Slot; shared: number} | undefined
    for (const slot of this.slots) {
      if (slot.busy) continue
      const shared = commonPrefix(slot.tokens, prompt)
      if (best === undefined || shared > best.shared || (shared === best.shared && slot.used < best.slot.used)) {
        best = {slot, shared}
      }
    }
    if (best === undefined) return undefined
    best.slot.busy = true
    best.slot.used = ++this.clock
    return best.slot
  }

  /** How many tokens of the prompt's beginning the slot holds already. */
  sharedPrefix(slot: Slot, prompt: Uint32Array): number {
    return commonPrefix(slot.tokens, prompt)
  }

  release(slot: Slot): void {
    slot.busy = false
  }

  /** Keeps the first `length` tokens of a slot; gives how many it could keep. Recurrent models keep all or nothing. */
  truncate(slot: Slot, length: number): number {
    if (length < slot.tokens.length) {
      const kept = length > 0 && this.context.removeTokenCellsFromSequence(slot.id, length, -1)
      if (!kept) this.clear(slot)
      else slot.tokens.length = length
    }
    return slot.tokens.length
  }

  clear(slot: Slot): void {
    this.context.disposeSequence(slot.id)
    slot.tokens = []
  }

  /** Drops `discard` tokens behind the first `keep` and moves the rest up, positions included (llama.cpp's K-shift). */
  shift(slot: Slot, keep: number, discard: number): void {
    this.context.removeTokenCellsFromSequence(slot.id, keep, keep + discard)
    this.context.shiftSequenceTokenCells(slot.id, keep + discard, slot.tokens.length, -discard)
    slot.tokens.splice(keep, discard)
  }

  status(): SlotStatus[] {
    return this.slots.map(({id, tokens, busy}) => ({slot: id, tokens: tokens.length, busy}))
  }
}

export function commonPrefix(cached: readonly number[], prompt: Uint32Array): number {
  const longest = Math.min(cached.length, prompt.length)
  let length = 0
  while (length < longest && cached[length] === prompt[length]) length++
  return length
}
