import {mkdir, rm} from 'node:fs/promises'
import path from 'node:path'
import {toNnError} from '../errors.js'
import type {AddonContext} from './addon-types.js'
import {dropEnd} from './drop-end.js'
import type {Slot} from './slots.js'

export interface StateSettings {
  /** Folder for the files; made with the first one, readable by its owner only. */
  folder: string
  /** Most tokens of one state; what is longer loses its end, or is not saved where it may not. */
  maxTokens: number
  /** Whether a cache may lose its end alone. */
  partial: boolean
}

/** Why a saved state is gone: the session has it back, goes on with something better, or was told to go. */
export type UnsavedReason = 'restored' | 'superseded' | 'dropped' | 'failed'

export interface StateEvents {
  saved: (state: {session: string; tokens: number; bytes: number; ms: number}) => void
  unsaved: (session: string, reason: UnsavedReason, ms: number) => void
  /** What a file system said; the session's prompt is evaluated anew, nothing else is lost. */
  failed: (message: string) => void
}

interface State {
  file: string
  tokens: readonly number[]
}

/**
 * The caches of sessions that have lost their slots, in files: reading one takes a thousandth of the time that
 * evaluating its tokens takes (docs/benchmarks.md). Which of them stay is the host's decision.
 */
export class SavedStates {
  private readonly states = new Map<string, State>()
  private lastFile = 0

  constructor(
    private readonly context: AddonContext,
    private readonly settings: StateSettings | null,
    private readonly events: StateEvents,
  ) {}

  /** How many of the tokens in a slot would be saved. */
  savable(tokens: number): number {
    const {settings} = this
    if (settings === null || (tokens > settings.maxTokens && !settings.partial)) return 0
    return Math.min(tokens, settings.maxTokens)
  }

  /** Saves what the slot holds for the session that owns it; of what is too long the slot loses the end. Between decodes only. */
  async save(slot: Slot, session: string): Promise<void> {
    const {settings} = this
    const length = this.savable(slot.tokens.length)
    if (settings === null || length === 0) return
    if (length < slot.tokens.length && !this.cut(slot, length)) return
    const from = performance.now()
    const file = path.join(settings.folder, `${++this.lastFile}.state`)
    const tokens = [...slot.tokens]
    try {
      await mkdir(settings.folder, {recursive: true, mode: 0o700})
      const bytes = await this.context.saveSequenceStateToFile(file, slot.id, new Uint32Array(tokens))
      this.drop(session, 'superseded')
      this.states.set(session, {file, tokens})
      this.events.saved({session, tokens: tokens.length, bytes, ms: performance.now() - from})
    } catch (error) {
      this.remove(file)
      this.events.failed(`The cache of session ${session} was not saved to ${file}: ${toNnError(error).message}`)
    }
  }

  /** What the session's saved state holds; nothing when there is none. */
  tokensOf(session: string): readonly number[] {
    return this.states.get(session)?.tokens ?? []
  }

  /** Puts the session's state into the slot; `false` when that failed and the slot is empty. Between decodes only. */
  async restore(session: string, slot: Slot): Promise<boolean> {
    const state = this.states.get(session)
    if (state === undefined) return false
    const from = performance.now()
    try {
      await this.context.loadSequenceStateFromFile(state.file, slot.id, state.tokens.length)
      slot.tokens = [...state.tokens]
      this.drop(session, 'restored', performance.now() - from)
      return true
    } catch (error) {
      this.context.disposeSequence(slot.id)
      slot.tokens = []
      this.events.failed(`The cache of session ${session} could not be read: ${toNnError(error).message}`)
      this.drop(session, 'failed')
      return false
    }
  }

  drop(session: string, reason: UnsavedReason, ms = 0): void {
    const state = this.states.get(session)
    if (state === undefined) return
    this.states.delete(session)
    this.remove(state.file)
    this.events.unsaved(session, reason, ms)
  }

  /** Leaves the first tokens in the slot; `false` for memory that cannot lose its end alone. */
  private cut(slot: Slot, length: number): boolean {
    if (!dropEnd(this.context, slot.id, length)) return false
    slot.tokens.length = length
    return true
  }

  private remove(file: string): void {
    rm(file, {force: true}).catch((error: unknown) => this.events.failed(toNnError(error).message))
  }
}
