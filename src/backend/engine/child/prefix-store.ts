import {randomUUID} from 'node:crypto'
import {open} from 'node:fs/promises'
import path from 'node:path'
import {systemReason, toNnError} from '../../../errors.js'
import {makeFolder} from '../../../system/make-folder.js'
import type {AddonContext} from './addon-types.js'
import {dropEnd} from './drop-end.js'
import {PrefixIndex} from './prefix-index.js'
import type {SavedState, StoreSettings, UnsavedReason} from '../protocol.js'
import {findStates, isIntact, removeState, type StateFile} from '../state-files.js'

export interface StoreEvents {
  saved: (state: SavedState) => void
  /** A slot has it now. The file stays for other conversations with the same prefix. */
  restored: (id: string, ms: number) => void
  unsaved: (id: string, reason: UnsavedReason) => void
  /** A file system error; the prompt is evaluated instead, nothing else is lost. */
  failed: (message: string) => void
}

interface Entry extends Pick<StateFile, 'file' | 'bytes' | 'checksum'> {
  session: string | null
  line: string
  /** Found in the folder, and not read yet. */
  isUnchecked: boolean
}

/** The part of a slot that saving and restoring needs. */
export interface CachedSlot {
  readonly id: number
  /** The tokens in its cells. */
  tokens: number[]
  /** The conversation that they belong to. */
  line: string | undefined
}

/** The part of a prompt that a saved cache has. */
export interface Found {
  id: string
  shared: number
}

/**
 * Saved KV caches of conversations that lost their slots, found by their tokens: any request that starts with those
 * tokens uses them, with or without a session. Reading one takes a thousandth of the time of evaluating its tokens
 * (docs/benchmarks.md). The host decides which of them stay.
 */
export class PrefixStore {
  private readonly index = new PrefixIndex()
  private readonly entries = new Map<string, Entry>()

  constructor(
    private readonly context: AddonContext,
    private readonly settings: StoreSettings | null,
    private readonly events: StoreEvents,
  ) {}

  /** Adds caches that other processes left in the folder; known ones stay. Never throws. */
  async adopt(): Promise<void> {
    const {settings} = this
    if (settings === null) return
    try {
      await this.adoptFrom(settings.folder)
    } catch (error) {
      this.events.failed(`Saved caches in ${settings.folder} are not used: ${systemReason(error)}`)
    }
  }

  private async adoptFrom(folder: string): Promise<void> {
    const isKnown = (id: string): boolean => this.entries.has(id)
    for (const found of await findStates(folder, {tell: (message) => this.events.failed(message), isKnown})) {
      // This process may have saved it while the folder was read.
      if (isKnown(found.id)) continue
      const {id, tokens, file, bytes, session, line, savedAt, checksum} = found
      this.entries.set(id, {file, bytes, checksum, session, line, isUnchecked: true})
      this.index.add(id, tokens)
      const ageMs = Math.max(0, Date.now() - savedAt)
      this.events.saved({id, session, line, file, tokens: tokens.length, bytes, ms: 0, ageMs, isAdopted: true})
    }
  }

  /** Whether caches are saved at all. */
  get isOpen(): boolean {
    return this.settings !== null
  }

  /** How many of the tokens in a slot would be saved. */
  savable(tokens: number): number {
    const {settings} = this
    if (settings === null || (tokens > settings.maxTokens && !settings.partial)) return 0
    return Math.min(tokens, settings.maxTokens)
  }

  /** The saved cache that shares most with the prompt. */
  find(prompt: Uint32Array): Found | undefined {
    return this.index.longest(prompt, {whole: this.settings?.partial === false})
  }

  /** Whether a saved cache holds all of these tokens. */
  holds(tokens: ArrayLike<number>): boolean {
    return this.index.longest(tokens)?.shared === tokens.length
  }

  /** Saves the tokens of the slot; if they are too many, the slot loses the end. Only between decodes. */
  async save(slot: CachedSlot, session: string | null): Promise<void> {
    const {settings} = this
    const length = this.savable(slot.tokens.length)
    if (settings === null || length === 0 || this.holds(slot.tokens.slice(0, length))) return
    if (length < slot.tokens.length && !this.cut(slot, length)) return
    const from = performance.now()
    const id = randomUUID()
    const file = path.join(settings.folder, `${id}.kv`)
    const tokens = Uint32Array.from(slot.tokens)
    try {
      makeFolder(settings.folder, 0o700)
      // llama.cpp would create a file that others can read; an existing file keeps its mode.
      await (await open(file, 'wx', 0o600)).close()
      const bytes = await this.context.saveSequenceStateToFile(file, slot.id, tokens)
      for (const shorter of this.index.coveredBy(tokens)) this.remove(shorter, 'superseded')
      const line = session ?? slot.line ?? id
      slot.line = line
      this.entries.set(id, {file, bytes, checksum: undefined, session, line, isUnchecked: false})
      this.index.add(id, tokens)
      const ms = performance.now() - from
      this.events.saved({id, session, line, file, tokens: tokens.length, bytes, ms, ageMs: 0, isAdopted: false})
    } catch (error) {
      this.removeFile(file)
      this.events.failed(`A cache of ${tokens.length} tokens was not saved to ${file}: ${systemReason(error)}`)
    }
  }

  /** Restores a saved cache into the slot; `false` if that failed and the slot is empty. Only between decodes. */
  async restore(id: string, slot: CachedSlot): Promise<boolean> {
    const entry = this.entries.get(id)
    const tokens = this.index.tokensOf(id)
    if (entry === undefined || tokens === undefined) return false
    const from = performance.now()
    try {
      if (entry.isUnchecked && !(await isIntact(entry))) throw new Error('its checksum does not match')
      await this.context.loadSequenceStateFromFile(entry.file, slot.id, tokens.length)
      entry.isUnchecked = false
      slot.tokens = [...tokens]
      slot.line = entry.line
      this.events.restored(id, performance.now() - from)
      return true
    } catch (error) {
      this.context.disposeSequence(slot.id)
      slot.tokens = []
      const reason = toNnError(error).message
      this.events.failed(`The saved cache ${entry.file} could not be used, so the prompt is evaluated: ${reason}`)
      this.remove(id, 'failed')
      return false
    }
  }

  /** The host has removed its file. */
  forget(id: string): void {
    this.entries.delete(id)
    this.index.delete(id)
  }

  private remove(id: string, reason: UnsavedReason): void {
    const entry = this.entries.get(id)
    if (entry === undefined) return
    this.forget(id)
    this.removeFile(entry.file)
    this.events.unsaved(id, reason)
  }

  /** Keeps only the first tokens in the slot; `false` for memory whose end cannot be removed. */
  private cut(slot: CachedSlot, length: number): boolean {
    if (!dropEnd(this.context, slot.id, length)) return false
    slot.tokens.length = length
    return true
  }

  private removeFile(file: string): void {
    removeState(file).catch((error: unknown) =>
      this.events.failed(`The saved cache ${file} was not removed: ${systemReason(error)}`),
    )
  }
}
