import type {MemoryConfig} from '../../config/index.js'
import type {StateEvent} from '../engine/protocol.js'
import type {Logger} from '../logging/logger.js'
import type {SavedCacheStatus} from '../contract/status.js'
import {SavedCaches, type SavedCache} from './saved-caches.js'

export interface KeeperParts {
  settings: MemoryConfig
  /** Maximum size of all saved caches in bytes: `max_cache_mb` with `auto` resolved. */
  maxBytes: number
  /** Whether the files are on a disk and use no memory. */
  onDisk: boolean
  logger: Logger
  /** Whether a session of that id is kept. */
  hasSession: (session: string) => boolean
  /** Removes the files of a cache and notifies the engines that may know it. */
  drop: (cache: SavedCache) => void
  /** Resident bytes of this process and of all engines. */
  resident: () => Promise<number>
  now?: () => number
}

/**
 * Minimum interval between two checks of the memory pressure, in milliseconds: reading it has a cost, and it changes
 * slowly.
 */
const pressureEveryMs = 1000

/**
 * Decides which saved caches are kept, based on the reports of the engines. A cache in a slot has no extra cost
 * (llama.cpp has allocated the slot), so only saved ones count. They are limited by `max_cache_tokens`, `max_cache_mb`,
 * `max_cache_age_ms` and `max_memory_mb`. A model may be unloaded and loaded again in the meantime.
 */
export class CacheKeeper {
  private readonly caches: SavedCaches
  private readonly totals = {saved: 0, restored: 0, dropped: 0, failed: 0}
  private checkedAt = -Infinity
  private pressed = false
  private readonly now: () => number

  constructor(private readonly parts: KeeperParts) {
    const {cache_strategy, max_cache_tokens, max_cache_age_ms} = parts.settings
    const maxTokens = max_cache_tokens === 'auto' ? Infinity : max_cache_tokens
    const maxAgeMs = max_cache_age_ms === 0 ? Infinity : max_cache_age_ms
    this.caches = new SavedCaches(cache_strategy, {maxTokens, maxBytes: parts.maxBytes, maxAgeMs})
    this.now = parts.now ?? (() => performance.now())
  }

  /** Report of an engine about a saved cache. */
  heard(model: string, event: StateEvent): void {
    const {logger} = this.parts
    this.expire()
    switch (event.type) {
      case 'saved':
        this.put(model, event)
        break
      case 'restored':
        this.totals.restored++
        this.caches.restored(event.id, this.now())
        logger.log('debug', 'MEM', 'saved cache restored', {model, cache: event.id, ms: event.ms})
        break
      case 'unsaved':
        if (event.reason === 'failed') this.totals.failed++
        this.caches.remove(event.id)
        logger.log('debug', 'MEM', `saved cache ${event.reason}`, {model, cache: event.id})
        break
    }
  }

  private put(model: string, event: Extract<StateEvent, {type: 'saved'}>): void {
    const {settings, hasSession, logger, drop} = this.parts
    const {id, session, line, file, tokens, bytes, ms, ageMs, isAdopted} = event
    // A restarted engine reports caches that are already known.
    const isKnown = this.caches.has(id)
    if (isKnown) return
    const cache: SavedCache = {id, model, session, line, file, tokens, bytes, usedAt: this.now() - ageMs}
    if (session !== null && !hasSession(session)) {
      // The session was removed while its cache was being saved.
      drop(cache)
      return
    }
    if (!isAdopted) this.totals.saved++
    logger.log('debug', 'MEM', 'cache saved', {model, ...facts(cache), ms})
    const gone = this.caches.put(cache, this.now())
    const {max_cache_tokens, max_cache_mb} = settings
    if (gone.length > 0) this.evicted(gone, 'full', {max_cache_tokens, max_cache_mb, max_bytes: this.parts.maxBytes})
  }

  /** Evicts saved caches when the used memory exceeds `memory_pressure_threshold` × `max_memory_mb`. */
  async relieve(): Promise<void> {
    const {onDisk} = this.parts
    const {max_memory_mb, memory_pressure_threshold} = this.parts.settings
    this.expire()
    if (max_memory_mb === 0 || this.now() - this.checkedAt < pressureEveryMs) return
    this.checkedAt = this.now()
    const resident = await this.parts.resident()
    const allowed = max_memory_mb * 1024 ** 2 * memory_pressure_threshold
    const used = (): number => resident + (onDisk ? 0 : this.caches.bytes)
    const before = used()
    if (before <= allowed) {
      this.pressed = false
      return
    }
    const gone = onDisk ? [] : this.caches.evict(() => used() > allowed)
    const why = {used_bytes: before, allowed_bytes: Math.floor(allowed), max_memory_mb, memory_pressure_threshold}
    if (gone.length > 0) this.evicted(gone, 'memory pressure', why)
    if (used() > allowed && !this.pressed) {
      this.parts.logger.log('warn', 'MEM', 'memory pressure, and no saved cache left to evict', why)
    }
    this.pressed = used() > allowed
  }

  private evicted(gone: readonly SavedCache[], reason: string, why: object): void {
    const {logger, settings, drop} = this.parts
    for (const cache of gone) drop(cache)
    this.totals.dropped += gone.length
    logger.log(reason === 'memory pressure' ? 'warn' : 'info', 'MEM', 'saved caches evicted', {
      reason,
      ...why,
      strategy: settings.cache_strategy,
      caches: gone.map(facts),
    })
  }

  private expire(): void {
    const {max_cache_age_ms} = this.parts.settings
    const gone = this.caches.expire(this.now())
    if (gone.length > 0) this.evicted(gone, 'age', {max_cache_age_ms})
  }

  forgetSession(session: string): void {
    for (const cache of this.caches.forgetSession(session)) this.parts.drop(cache)
  }

  status(): SavedCacheStatus {
    const {cache_strategy, max_cache_tokens} = this.parts.settings
    const {size: caches, tokens, bytes} = this.caches
    return {caches, tokens, bytes, max_cache_tokens, max_bytes: this.parts.maxBytes, cache_strategy, ...this.totals}
  }
}

function facts({id, session, tokens, bytes}: SavedCache): object {
  return {cache: id, session, tokens, bytes}
}
