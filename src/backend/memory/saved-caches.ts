import type {MemoryConfig} from '../../config/index.js'

/** A KV cache in a file. */
export interface SavedCache {
  id: string
  /** Its model. */
  model: string
  /** Its session; `null` for a request without one. */
  session: string | null
  /** Its conversation, which may have several caches over time. */
  line: string
  file: string
  tokens: number
  bytes: number
  /** Time of the last save or read, in milliseconds of a monotonic clock. */
  usedAt: number
}

export interface CacheLimits {
  /** Tokens of all caches together; `Infinity` is no limit. */
  maxTokens: number
  maxBytes: number
  /** A cache that was not used for this time is removed, in milliseconds. */
  maxAgeMs: number
}

interface Kept extends SavedCache {
  /** Its value for `smart`. */
  worth: number
  /** When the conversation's first cache was saved. */
  firstAt: number
}

/** Data about a conversation, with or without a saved cache. */
interface Past {
  firstAt: number
  returns: number
}

/** Maximum number of remembered conversations; the oldest are forgotten first. */
const mostPasts = 10_000

/** The cache with the smallest value is evicted first. */
const values: Record<MemoryConfig['cache_strategy'], (cache: Kept) => number> = {
  lru: ({usedAt}) => usedAt,
  fifo: ({firstAt}) => firstAt,
  smart: ({worth}) => worth,
}

/**
 * Decides which saved caches stay, within a number of tokens and bytes for all models and conversations.
 *
 * `lru` evicts the cache that was used longest ago, `fifo` that of the oldest conversation, `smart` the one that is
 * least likely to be used again, by how often its conversation returned. It is GreedyDual-Size-Frequency (Cherkasova,
 * 1998): the value of a cache is the number of its conversation's returns plus the value of the last evicted one, so
 * that old popularity fades. Cost and size both grow with the tokens and cancel out, which leaves LFU with dynamic
 * ageing.
 */
export class SavedCaches {
  private readonly kept = new Map<string, Kept>()
  private readonly past = new Map<string, Past>()
  private floor = 0
  private totalTokens = 0
  private totalBytes = 0

  constructor(
    private readonly strategy: MemoryConfig['cache_strategy'],
    private readonly limits: CacheLimits,
  ) {}

  get tokens(): number {
    return this.totalTokens
  }

  get bytes(): number {
    return this.totalBytes
  }

  get size(): number {
    return this.kept.size
  }

  has(id: string): boolean {
    return this.kept.has(id)
  }

  /** Adds a cache. Returns those that are evicted for it, possibly the new one. */
  put(cache: SavedCache, now: number): SavedCache[] {
    const {maxTokens, maxBytes} = this.limits
    this.remove(cache.id)
    // It would evict all others and then itself.
    if (cache.tokens > maxTokens || cache.bytes > maxBytes) return [cache]
    const past = this.past.get(cache.line) ?? {firstAt: now, returns: 0}
    this.past.delete(cache.line)
    this.past.set(cache.line, past)
    for (const line of this.past.keys()) {
      if (this.past.size <= mostPasts) break
      this.past.delete(line)
    }
    this.remove(cache.id)
    this.kept.set(cache.id, {...cache, firstAt: past.firstAt, worth: this.floor + 1 + past.returns})
    this.totalTokens += cache.tokens
    this.totalBytes += cache.bytes
    return this.evict(() => this.totalTokens > maxTokens || this.totalBytes > maxBytes)
  }

  /** Its conversation returned. */
  restored(id: string, now: number): void {
    const cache = this.kept.get(id)
    if (cache === undefined) return
    cache.usedAt = now
    const past = this.past.get(cache.line)
    if (past !== undefined) past.returns++
  }

  remove(id: string): SavedCache | undefined {
    const cache = this.kept.get(id)
    if (cache === undefined) return undefined
    this.kept.delete(id)
    this.totalTokens -= cache.tokens
    this.totalBytes -= cache.bytes
    return cache
  }

  /** Removes and returns the session's caches. */
  forgetSession(session: string): SavedCache[] {
    this.past.delete(session)
    return this.removeAll((cache) => cache.session === session)
  }

  /** Removes and returns the caches that were not used for too long. */
  expire(now: number): SavedCache[] {
    return this.removeAll(({usedAt}) => now - usedAt >= this.limits.maxAgeMs)
  }

  /** Evicts caches, the least valuable first, as long as `wanted` returns true. */
  evict(wanted: () => boolean): SavedCache[] {
    const gone: SavedCache[] = []
    while (this.kept.size > 0 && wanted()) {
      const value = values[this.strategy]
      const first = [...this.kept.values()].reduce((least, cache) => (value(cache) < value(least) ? cache : least))
      this.floor = Math.max(this.floor, first.worth)
      this.remove(first.id)
      gone.push(first)
    }
    return gone
  }

  private removeAll(matches: (cache: Kept) => boolean): SavedCache[] {
    return [...this.kept.values()].filter(matches).flatMap(({id}) => this.remove(id) ?? [])
  }
}
