import type {MemoryConfig} from '../../config/index.js'

/** A KV cache in a file. */
export interface SavedCache {
  id: string
  /** The model that it is of. */
  model: string
  /** The session that it goes with; `null` for a request without one. */
  session: string | null
  /** The conversation: its caches follow one another. */
  line: string
  file: string
  tokens: number
  bytes: number
  /** When it was saved or read last, in milliseconds on any steady clock. */
  usedAt: number
}

export interface CacheLimits {
  /** Tokens of all caches together; `Infinity` is no limit. */
  maxTokens: number
  maxBytes: number
  /** A cache that nobody has used for so long goes, in milliseconds. */
  maxAgeMs: number
}

interface Kept extends SavedCache {
  /** What it is worth to `smart`. */
  worth: number
  /** When the conversation's first cache was saved. */
  firstAt: number
}

/** What is known of a conversation, saved or not. */
interface Past {
  firstAt: number
  returns: number
}

/** Conversations whose past is known; beyond these the oldest are forgotten. */
const mostPasts = 10_000

/** The cache with the smallest value goes first. */
const values: Record<MemoryConfig['cache_strategy'], (cache: Kept) => number> = {
  lru: ({usedAt}) => usedAt,
  fifo: ({firstAt}) => firstAt,
  smart: ({worth}) => worth,
}

/**
 * Which saved caches stay: at most so many tokens and bytes, all models and conversations together.
 *
 * `lru` evicts the cache that was used longest ago, `fifo` that of the oldest conversation, `smart` the one that is least
 * likely to be asked for, by how often its conversation has come back. It is GreedyDual-Size-Frequency (Cherkasova, 1998): a cache is
 * worth its conversation's returns on top of what the last evicted one was worth, so that old fame fades. Cost and size
 * both grow with the tokens and cancel out, which leaves LFU with dynamic ageing.
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

  /** Takes a cache in; gives those that are evicted for it, which may be this one. */
  put(cache: SavedCache, now: number): SavedCache[] {
    const {maxTokens, maxBytes} = this.limits
    this.remove(cache.id)
    // It would evict all others, and then itself.
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

  /** The conversation has come back for it. */
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

  /** Gives the session's caches, which are no longer kept. */
  forgetSession(session: string): SavedCache[] {
    this.past.delete(session)
    return this.removeAll((cache) => cache.session === session)
  }

  /** Gives those that nobody has used for too long, which are no longer kept. */
  expire(now: number): SavedCache[] {
    return this.removeAll(({usedAt}) => now - usedAt >= this.limits.maxAgeMs)
  }

  /** Evicts caches, the least worthy first, as long as `wanted` says so and there are any. */
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
