import type {AddonContext} from './addon-types.js'
import type {CacheSource, SlotStatus} from './protocol.js'

/** A llama.cpp sequence: the tokens whose keys and values its cells hold. */
export interface Slot {
  readonly id: number
  tokens: number[]
  busy: boolean
  /** Order of the last use; the smallest is the least recent, 0 is never. */
  used: number
}

/** What a slot had of a prompt when the prompt came. */
export interface Prepared {
  cachedTokens: number
  source: CacheSource
}

/** Copying another slot's cells costs about as much as evaluating this many tokens. */
const worthCopying = 32

/** Tokens that a conversation's own next prompt may lack: the end of an answer that a stop string cut. */
const nextToNothing = 16

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

  /**
   * A free slot: the one that continues into this prompt, which is one that would lose next to nothing to it, else the
   * least recently used one, so that other conversations keep their caches as long as possible.
   */
  take(prompt: Uint32Array): Slot | undefined {
    const free = this.slots.filter(({busy}) => !busy)
    const continued = free
      .map((slot) => ({slot, shared: commonPrefix(slot.tokens, prompt)}))
      .filter(({slot, shared}) => shared > 0 && slot.tokens.length - shared <= nextToNothing)
      .sort((a, b) => b.shared - a.shared)[0]
    const slot = continued?.slot ?? free.sort((a, b) => a.used - b.used)[0]
    if (slot === undefined) return undefined
    slot.busy = true
    slot.used = ++this.clock
    return slot
  }

  /**
   * Leaves in the slot what it shares with the prompt, or copies the cells of another slot that shares more: sessions
   * with one system prompt evaluate it once. Only between decodes, which read the same cells.
   */
  async prepare(slot: Slot, prompt: Uint32Array): Promise<Prepared> {
    const own = commonPrefix(slot.tokens, prompt)
    const other = this.slots
      .filter((candidate) => candidate !== slot)
      .map((candidate) => ({candidate, shared: commonPrefix(candidate.tokens, prompt)}))
      .sort((a, b) => b.shared - a.shared)[0]
    if (other !== undefined && other.shared >= own + worthCopying && (await this.copy(other.candidate, slot))) {
      return {cachedTokens: this.truncate(slot, other.shared), source: 'shared'}
    }
    const cachedTokens = this.truncate(slot, own)
    return {cachedTokens, source: cachedTokens > 0 ? 'slot' : 'none'}
  }

  /** The addon says the last position that it has copied. */
  private async copy(from: Slot, to: Slot): Promise<boolean> {
    this.clear(to)
    const lastPosition = await this.context.copySequenceStateFromOtherSequence(to.id, from.id)
    if (lastPosition !== from.tokens.length - 1) {
      this.clear(to)
      return false
    }
    to.tokens = [...from.tokens]
    return true
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

  /** Drops `discard` tokens behind the first `keep` and moves the rest up, positions included (llama.cpp's K-shift); `false` where that cannot be done. */
  shift(slot: Slot, keep: number, discard: number): boolean {
    if (!this.context.removeTokenCellsFromSequence(slot.id, keep, keep + discard)) return false
    this.context.shiftSequenceTokenCells(slot.id, keep + discard, slot.tokens.length, -discard)
    slot.tokens.splice(keep, discard)
    return true
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
