import type {AddonContext} from './addon-types.js'
import {dropEnd} from './drop-end.js'
import type {CacheSource, SlotStatus} from '../protocol.js'
import {commonPrefix} from './prefix-index.js'
import type {CachedSlot, PrefixStore} from './prefix-store.js'

/** A llama.cpp sequence: the tokens whose keys and values its cells hold. */
export interface Slot extends CachedSlot {
  /** How many of them stand for all that went into their cells; behind a shift, what was dropped went in as well. */
  exact: number
  busy: boolean
  /** The session that the tokens are of; `undefined` when it is gone or continues in another slot. */
  owner: string | undefined
  /** The session that they are of, though it may continue in another slot: a saved cache of them goes with it. */
  session: string | null
  /** Of a session that was removed: not to be saved. */
  isPrivate: boolean
  /** Order of the last use; the smallest is the least recent, 0 is never. */
  used: number
}

/** What a slot had of a prompt when the prompt came. */
export interface Prepared {
  cachedTokens: number
  source: CacheSource
}

/** Copying, saving or reading cells costs about as much as evaluating this many tokens. */
const worthKeeping = 32

/** Tokens that a conversation's own next prompt may lack: the end of an answer that a stop string cut. */
const nextToNothing = 16

/** The context's sequences, and which tokens each of them has in the KV cache. */
export class Slots {
  private readonly slots: Slot[]
  private clock = 0
  /** Whether the memory was seen to have a cell for each token. */
  private keepsEveryToken = false
  /** llama.cpp copies cells at the next decode only: until then these slots' cells are not, or must stay, what they seem. */
  private readonly copying = {from: new Set<Slot>(), to: new Set<Slot>()}

  constructor(
    private readonly context: AddonContext,
    count: number,
    private readonly store: PrefixStore,
    /** Whether a cache may lose its end alone; else it is kept whole or not at all. */
    private readonly partial = true,
    /** Whether llama.cpp survives a shift; where it does not, a full slot stays full. */
    private readonly canShift = true,
    /** Tokens that a slot holds. */
    readonly capacity = Infinity,
  ) {
    this.slots = Array.from({length: count}, (_, id) => ({
      ...{id, tokens: [], exact: Infinity, busy: false, owner: undefined, session: null, line: undefined},
      ...{isPrivate: false, used: 0},
    }))
  }

  /**
   * A free slot: the one that continues into this prompt, which is one that would lose next to nothing to it, else the
   * session's own, whose tokens nobody else will ask for, else the least recently used one, so that other
   * conversations keep their caches as long as possible.
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
   * Of free slots the lowest that is unused or nobody's. Then the lowest of all where what it loses is saved, so that busy slots
   * stand together (`planRuns`); else the least recently used one.
   */
  private leastLoss(free: readonly Slot[]): Slot | undefined {
    const byUse = free.toSorted((a, b) => a.used - b.used)
    const [first] = byUse
    return first === undefined || first.used === 0 || !this.store.isOpen ? first : free[0]
  }

  /**
   * Brings as much of the prompt into the slot as is known: what the slot shares with it; else the cells of another slot
   * that shares more, so that requests with one system prompt evaluate it once; else a saved cache. What the slot loses is
   * saved first. Only between decodes, which read the same cells.
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
      // It may have been dropped meanwhile; what the slot held before is another conversation's.
      const restored = await this.store.restore(saved.id, slot)
      return this.have(slot, restored ? saved.shared : 0, 'saved')
    }
    if (copies) {
      const copied = await this.copy(other.candidate, slot)
      return this.have(slot, copied ? other.shared : 0, 'shared')
    }
    return this.have(slot, own, previous !== undefined && previous === session ? 'slot' : 'shared')
  }

  /** Leaves so many tokens in the slot, if it can. What goes on elsewhere than where the slot's tokens end is another conversation. */
  private have(slot: Slot, tokens: number, source: CacheSource): Prepared {
    if (slot.tokens.length - tokens > nextToNothing) slot.line = undefined
    const cachedTokens = this.truncate(slot, tokens)
    return {cachedTokens, source: cachedTokens === 0 ? 'none' : source}
  }

  /** Tokens of a cache that a prompt can begin with. */
  private usable(cached: readonly number[], prompt: Uint32Array, exact = Infinity): number {
    const shared = Math.min(commonPrefix(cached, prompt), exact)
    return this.partial || shared === cached.length ? shared : 0
  }

  /** The slot is this session's from now on, and no other one is. */
  private claim(slot: Slot, session: string | null): void {
    if (session !== null) this.disown(session)
    slot.owner = session ?? undefined
    slot.session = session
    slot.isPrivate = false
  }

  /**
   * Saves what the slot is about to lose, when it is worth it: not where next to nothing goes, and not what is in another slot
   * or saved already. Saving cuts off what is too long, and would take from the next request what it was to begin with.
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
   * Saves what all slots hold: the engine is about to end. The longest first: of slots that hold the same tokens one is
   * saved. Only between decodes.
   */
  async saveAll(): Promise<void> {
    for (const slot of this.slots.toSorted((a, b) => b.tokens.length - a.tokens.length)) {
      if (this.isWorthSaving(slot, 0)) await this.store.save(slot, slot.session)
    }
  }

  private isCopying(slot: Slot): boolean {
    return this.copying.from.has(slot) || this.copying.to.has(slot)
  }

  /** The addon says the last position that it has copied. */
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

  /** A decode has begun: what was to be copied is. */
  decoded(): void {
    this.copying.from.clear()
    this.copying.to.clear()
  }

  /** What follows a shift goes: another prompt of these tokens would be answered as if what was dropped were in it. */
  release(slot: Slot): void {
    this.truncate(slot, slot.exact)
    slot.busy = false
  }

  /** Nobody will ask for this session's cache again: its slot is the first to be taken, and what it holds is not saved. */
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

  /** Keeps the first `length` tokens of a slot; gives how many it could keep. Recurrent models and sliding windows that were read back keep all or nothing. */
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

  /** Whether cells behind the slot's tokens can be taken back. */
  canDiscard(slot: Slot): boolean {
    if (!this.partial) return false
    // One token is the first and the last of any memory.
    if (slot.tokens.length === 1) return this.keepsEveryToken
    return slot.tokens.length === 0 || this.context.getSequenceKvCacheMinPosition(slot.id) === 0
  }

  /**
   * Whether a piece of a prompt may have further rows behind it, whose cells are taken back. Of an empty slot that is not known
   * before another one has shown it: recurrent memory has one state for all tokens, and cannot lose its end.
   */
  canPad(slot: Slot): boolean {
    return slot.tokens.length === 0 ? this.partial && this.keepsEveryToken : this.canDiscard(slot)
  }

  /** Whether a slot that nobody uses can take a row for nothing: it has room, and its cell can be taken back. */
  canFill(id: number): boolean {
    const slot = this.at(id)
    // Cells that are to be copied may have company: a decode copies them before it computes.
    return !slot.busy && slot.tokens.length < this.capacity && !this.copying.to.has(slot) && this.canDiscard(slot)
  }

  /** Removes the cells behind the slot's tokens. @throws when they cannot be removed, and the slot is empty then */
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

  /** Drops `discard` tokens behind the first `keep` and moves the rest up, positions included (llama.cpp's K-shift); `false` where that cannot be done. */
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
