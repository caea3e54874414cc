import type {AddonContext} from './addon-types.js'
import {dropEnd} from './drop-end.js'
import type {CacheSource, SlotStatus} from '../protocol.js'
import {commonPrefix} from './prefix-index.js'
import type {CachedSlot, PrefixStore} from './prefix-store.js'

/** A llama.cpp sequence: the tokens whose keys and values its cells hold. */
export interface Slot extends CachedSlot {
  /** How many of them describe their cells completely; after a shift, dropped tokens influenced the cells as well. */
  exact: number
  busy: boolean
  /** The session of the tokens; `undefined` if it was removed or continues in another slot. */
  owner: string | undefined
  /** The session that they belong to, even if it continues in another slot: a saved cache of them belongs to it. */
  session: string | null
  /** The session was removed, so the tokens are not saved. */
  isPrivate: boolean
  /** Order of the last use; the smallest is the least recent, 0 is never. */
  used: number
}

/** The part of a prompt that a slot already had. */
export interface Prepared {
  cachedTokens: number
  source: CacheSource
}

/** Copying, saving or reading cells costs about as much as evaluating this many tokens. */
const worthKeeping = 32

/** Tokens that the next prompt of the same conversation may lack: the end of an answer that a stop string cut off. */
const nextToNothing = 16

/** The sequences of the context, and the tokens of each in the KV cache. */
export class Slots {
  private readonly slots: Slot[]
  private clock = 0
  /** Whether the memory is known to have a cell for each token. */
  private keepsEveryToken = false
  /**
   * llama.cpp copies cells at the next decode. Until then the cells of these slots are not copied yet, or must not
   * change.
   */
  private readonly copying = {from: new Set<Slot>(), to: new Set<Slot>()}

  constructor(
    private readonly context: AddonContext,
    count: number,
    private readonly store: PrefixStore,
    /** Whether only the end of a cache may be dropped; otherwise the whole cache is kept or dropped. */
    private readonly partial = true,
    /** Whether llama.cpp survives a context shift; if not, a full slot stays full. */
    private readonly canShift = true,
    /** Tokens per slot. */
    readonly capacity = Infinity,
  ) {
    this.slots = Array.from({length: count}, (_, id) => ({
      ...{id, tokens: [], exact: Infinity, busy: false, owner: undefined, session: null, line: undefined},
      ...{isPrivate: false, used: 0},
    }))
  }

  /**
   * A free slot: first one that this prompt continues, losing almost nothing; then the session's own, whose tokens
   * nobody else needs; then the least recently used one, so that other conversations keep their caches as long as
   * possible.
   */
  take(prompt: Uint32Array, session: string | null): Slot | undefined {
    const free = this.slots.filter(({busy}) => !busy)
    const continued = free
      .map((slot) => ({slot, shared: commonPrefix(slot.tokens, prompt)}))
      .filter(({slot, shared}) => shared > 0 && slot.tokens.length - shared <= nextToNothing)
      .sort((a, b) => b.shared - a.shared)[0]
    const own = session === null ? undefined : free.find(({owner}) => owner === session)
    const slot = continued?.slot ?? own ?? this.leastLoss(free)
    if (slot === undefined) return undefined
    slot.busy = true
    slot.used = ++this.clock
    return slot
  }

  /**
   * The lowest free slot that is unused or without a session. Then, if its tokens would be saved, the lowest of all, so
   * that busy slots are adjacent (`planRuns`); otherwise the least recently used one.
   */
  private leastLoss(free: readonly Slot[]): Slot | undefined {
    const byUse = free.toSorted((a, b) => a.used - b.used)
    const [first] = byUse
    return first === undefined || first.used === 0 || !this.store.isOpen ? first : free[0]
  }

  /**
   * Reuses as much of the prompt as possible: the prefix in the slot itself, the cells of another slot that shares more
   * (so that a common system prompt is evaluated once), or a saved cache. Tokens that the slot loses are saved first.
   * Only between decodes, which read the same cells.
   */
  async prepare(slot: Slot, prompt: Uint32Array, session: string | null): Promise<Prepared> {
    if (!this.keepsEveryToken && slot.tokens.length > 1) this.keepsEveryToken = this.canDiscard(slot)
    const previous = slot.owner
    const own = this.usable(slot.tokens, prompt)
    const other = this.slots
      .filter((candidate) => candidate !== slot)
      .map((candidate) => ({candidate, shared: this.usable(candidate.tokens, prompt, candidate.exact)}))
      .sort((a, b) => b.shared - a.shared)[0]
    const saved = this.isCopying(slot) ? undefined : this.store.find(prompt)
    const copies = other !== undefined && other.shared >= own + worthKeeping
    const restores = saved !== undefined && saved.shared >= Math.max(own, other?.shared ?? 0) + worthKeeping
    await this.keep(slot, restores || copies ? 0 : own)
    this.claim(slot, session)
    if (restores) {
      // It may have been dropped in the meantime, and the earlier tokens of the slot belong to another conversation.
      const restored = await this.store.restore(saved.id, slot)
      return this.have(slot, restored ? saved.shared : 0, 'saved')
    }
    if (copies) {
      const copied = await this.copy(other.candidate, slot)
      return this.have(slot, copied ? other.shared : 0, 'shared')
    }
    return this.have(slot, own, previous !== undefined && previous === session ? 'slot' : 'shared')
  }

  /**
   * Keeps this many tokens in the slot, if possible. If the prompt does not continue at the end of the slot's tokens,
   * it is another conversation.
   */
  private have(slot: Slot, tokens: number, source: CacheSource): Prepared {
    if (slot.tokens.length - tokens > nextToNothing) slot.line = undefined
    const cachedTokens = this.truncate(slot, tokens)
    return {cachedTokens, source: cachedTokens === 0 ? 'none' : source}
  }

  /** Tokens of a cache that a prompt can reuse. */
  private usable(cached: readonly number[], prompt: Uint32Array, exact = Infinity): number {
    const shared = Math.min(commonPrefix(cached, prompt), exact)
    return this.partial || shared === cached.length ? shared : 0
  }

  /** Assigns the session to this slot and to no other one. */
  private claim(slot: Slot, session: string | null): void {
    if (session !== null) this.disown(session)
    slot.owner = session ?? undefined
    slot.session = session
    slot.isPrivate = false
  }

  /**
   * Saves the tokens that the slot is about to lose, unless they are few, are in another slot, or are already saved.
   * Saving truncates a cache that is too long, so it must not take tokens that the next request needs.
   */
  private async keep(slot: Slot, staying: number): Promise<void> {
    if (!this.isWorthSaving(slot, staying) || this.isElsewhere(slot)) return
    await this.store.save(slot, slot.session)
  }

  private isWorthSaving(slot: Slot, staying: number): boolean {
    if (slot.isPrivate || this.copying.to.has(slot) || slot.exact < slot.tokens.length) return false
    return this.store.savable(slot.tokens.length) - staying >= worthKeeping
  }

  private isElsewhere(slot: Slot): boolean {
    return this.slots.some((other) => other !== slot && !other.isPrivate && this.covers(other, slot))
  }

  private covers({tokens, exact}: Slot, slot: Slot): boolean {
    return Math.min(commonPrefix(tokens, slot.tokens), exact) === slot.tokens.length
  }

  /**
   * Saves the caches of all slots before the engine ends. The longest comes first, so that slots with the same tokens
   * are saved once. Only between decodes.
   */
  async saveAll(): Promise<void> {
    for (const slot of this.slots.toSorted((a, b) => b.tokens.length - a.tokens.length)) {
      if (this.isWorthSaving(slot, 0)) await this.store.save(slot, slot.session)
    }
  }

  private isCopying(slot: Slot): boolean {
    return this.copying.from.has(slot) || this.copying.to.has(slot)
  }

  /** The addon returns the last position that it copied. */
  private async copy(from: Slot, to: Slot): Promise<boolean> {
    this.clear(to)
    const lastPosition = await this.context.copySequenceStateFromOtherSequence(to.id, from.id)
    this.copying.from.add(from)
    this.copying.to.add(to)
    if (lastPosition !== from.tokens.length - 1) {
      this.clear(to)
      return false
    }
    to.tokens = [...from.tokens]
    to.line = from.line
    return true
  }

  /** A decode has started, so pending copies are done. */
  decoded(): void {
    this.copying.from.clear()
    this.copying.to.clear()
  }

  /**
   * Drop everything after a shift: dropped tokens still influence these cells, which would change the answer to another
   * prompt.
   */
  release(slot: Slot): void {
    this.truncate(slot, slot.exact)
    slot.busy = false
  }

  /** The session was removed: its slot is reused first, and its tokens are not saved. */
  forget(session: string): void {
    for (const slot of this.slots) if (slot.session === session) slot.isPrivate = true
    this.disown(session)
  }

  private disown(session: string): void {
    for (const slot of this.slots) {
      if (slot.owner !== session) continue
      slot.owner = undefined
      if (!slot.busy) slot.used = 0
    }
  }

  /**
   * Keeps the first `length` tokens of a slot and returns how many it could keep. Recurrent models and restored sliding
   * windows keep all or nothing.
   */
  truncate(slot: Slot, length: number): number {
    if (length < slot.tokens.length) {
      const kept = length > 0 && this.partial && dropEnd(this.context, slot.id, length)
      if (!kept) this.clear(slot)
      else slot.tokens.length = length
    }
    if (slot.tokens.length <= slot.exact) slot.exact = Infinity
    return slot.tokens.length
  }

  at(id: number): Slot {
    const slot = this.slots[id]
    if (slot === undefined) throw new RangeError(`There is no slot ${id}.`)
    return slot
  }

  /** Whether cells after the slot's tokens can be removed again. */
  canDiscard(slot: Slot): boolean {
    if (!this.partial) return false
    // With one token, the first and the last position are the same in any memory.
    if (slot.tokens.length === 1) return this.keepsEveryToken
    return slot.tokens.length === 0 || this.context.getSequenceKvCacheMinPosition(slot.id) === 0
  }

  /**
   * Whether a piece of a prompt may be followed by extra rows whose cells are removed again. For an empty slot this is
   * unknown until another slot has shown it: recurrent memory has one state for all tokens and cannot drop its end.
   */
  canPad(slot: Slot): boolean {
    return slot.tokens.length === 0 ? this.partial && this.keepsEveryToken : this.canDiscard(slot)
  }

  /** Whether an idle slot can take a padding row: it has room, and the cell can be removed again. */
  canFill(id: number): boolean {
    const slot = this.at(id)
    // Slots with pending copies are fine: a decode copies before it computes.
    return !slot.busy && slot.tokens.length < this.capacity && !this.copying.to.has(slot) && this.canDiscard(slot)
  }

  /** Removes the cells after the slot's tokens. @throws if they cannot be removed; the slot is empty then */
  discardBehind(slot: Slot): void {
    const {length} = slot.tokens
    if (length > 0 && this.context.removeTokenCellsFromSequence(slot.id, length, -1)) return
    this.clear(slot)
    if (length > 0 && slot.busy) throw new Error(`The cells after the first ${length} tokens could not be removed.`)
  }

  clear(slot: Slot): void {
    this.context.disposeSequence(slot.id)
    slot.tokens = []
    slot.exact = Infinity
    slot.line = undefined
  }

  /**
   * Drops `discard` tokens after the first `keep` and moves the rest up, positions included (llama.cpp's K-shift);
   * `false` if that is not possible.
   */
  shift(slot: Slot, keep: number, discard: number): boolean {
    if (!this.canShift || !this.context.removeTokenCellsFromSequence(slot.id, keep, keep + discard)) return false
    this.context.shiftSequenceTokenCells(slot.id, keep + discard, slot.tokens.length, -discard)
    slot.tokens.splice(keep, discard)
    slot.exact = Math.min(slot.exact, keep)
    return true
  }

  status(): SlotStatus[] {
    return this.slots.map(({id, tokens, busy, owner}) => ({
      slot: id,
      tokens: tokens.length,
      busy,
      session: owner ?? null,
    }))
  }
}
