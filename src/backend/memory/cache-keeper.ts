import type {MemoryConfig} from '../config/index.js'
import type {StateEvent} from '../engine/protocol.js'
import type {Logger} from '../logging/logger.js'
import type {SavedCacheStatus} from '../status.js'
import {SavedCaches, type SavedCache} from './saved-caches.js'

export interface KeeperParts {
  settings: MemoryConfig
  logger: Logger
  /** When the session computed last, on the same clock as `now`; `undefined` for one that is gone. */
  lastUse: (session: string) => number | undefined
  /** Tells the model's engine to remove a saved cache. */
  drop: (model: number, session: string) => void
  /** Resident bytes of this process and of all engines. */
  resident: () => Promise<number>
  now?: () => number
}

/** Pressure is looked at this often at most, in milliseconds: reading it costs a little, and it moves slowly. */
const pressureEveryMs = 1000

/**
 * Decides which caches of idle sessions are kept, from what the engines tell. A cache in a slot costs nothing further
 * (llama.cpp has allocated the slot), so only those that were saved count: at most `max_cache_tokens`, and none that
 * stand in the way of `max_memory_mb`.
 */
export class CacheKeeper {
  private readonly caches: SavedCaches
  private readonly totals = {saved: 0, restored: 0, dropped: 0, failed: 0}
  private checkedAt = -Infinity
  private pressed = false
  private readonly now: () => number

  constructor(private readonly parts: KeeperParts) {
    const {cache_strategy, max_cache_tokens} = parts.settings
    this.caches = new SavedCaches(cache_strategy, max_cache_tokens)
    this.now = parts.now ?? (() => performance.now())
  }

  /** What an engine says about a session's saved cache. */
  told(model: number, event: StateEvent): void {
    const {session} = event
    const {logger} = this.parts
    if (event.type === 'saved') {
      this.totals.saved++
      logger.log('debug', 'MEM', 'cache saved', {model, ...facts(event)})
      this.put(model, event)
      return
    }
    if (event.reason === 'restored') {
      this.totals.restored++
      this.caches.restored(model, session)
    } else {
      if (event.reason === 'failed') this.totals.failed++
      this.caches.remove(model, session)
    }
    logger.log('debug', 'MEM', `saved cache ${event.reason}`, {model, session, ms: event.ms})
  }

  private put(model: number, {session, tokens, bytes}: Extract<StateEvent, {type: 'saved'}>): void {
    const usedAt = this.parts.lastUse(session)
    if (usedAt === undefined) {
      // It went while its cache was being saved.
      this.parts.drop(model, session)
      return
    }
    const gone = this.caches.put({model, session, tokens, bytes, usedAt}, this.now())
    if (gone.length > 0) this.giveUp(gone, 'max_cache_tokens', {max_cache_tokens: this.parts.settings.max_cache_tokens})
  }

  /** Gives up saved caches when memory runs short of `memory_pressure_threshold` × `max_memory_mb`. */
  async relieve(): Promise<void> {
    const {max_memory_mb, memory_pressure_threshold} = this.parts.settings
    if (max_memory_mb === 0 || this.now() - this.checkedAt < pressureEveryMs) return
    this.checkedAt = this.now()
    const resident = await this.parts.resident()
    const allowed = max_memory_mb * 1024 ** 2 * memory_pressure_threshold
    const used = (): number => resident + this.caches.bytes
    const before = used()
    if (before <= allowed) {
      this.pressed = false
      return
    }
    const gone = this.caches.giveUp(() => used() > allowed)
    const why = {used_bytes: before, allowed_bytes: Math.floor(allowed), max_memory_mb, memory_pressure_threshold}
    if (gone.length > 0) this.giveUp(gone, 'memory pressure', why)
    if (used() > allowed && !this.pressed) {
      this.parts.logger.log('warn', 'MEM', 'memory pressure, and no cache of an idle session left to give up', why)
    }
    this.pressed = used() > allowed
  }

  private giveUp(gone: readonly SavedCache[], reason: string, why: object): void {
    const {logger, settings, drop} = this.parts
    for (const {model, session} of gone) drop(model, session)
    this.totals.dropped += gone.length
    logger.log(reason === 'memory pressure' ? 'warn' : 'info', 'MEM', 'caches of idle sessions given up', {
      ...{reason, ...why, strategy: settings.cache_strategy, caches: gone.map(facts)},
    })
  }

  forgetSession(session: string): void {
    this.caches.forgetSession(session)
  }

  /** The model's engine is gone, and its files with it. */
  forgetModel(model: number): void {
    this.caches.forgetModel(model)
  }

  status(): SavedCacheStatus {
    const {cache_strategy, max_cache_tokens} = this.parts.settings
    const {size, tokens, bytes} = this.caches
    return {sessions: size, tokens, bytes, max_cache_tokens, cache_strategy, ...this.totals}
  }
}

function facts({session, tokens, bytes}: {session: string; tokens: number; bytes: number}): object {
  return {session, tokens, bytes}
}
