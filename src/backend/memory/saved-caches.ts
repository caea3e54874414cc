import type {MemoryConfig} from '../config/index.js'

/** The cache that a session left behind when it lost its slot. */
export interface SavedCache {
  model: number
  session: string
  tokens: number
  bytes: number
  /** When the session computed last, in milliseconds on any steady clock. */
  usedAt: number
}

interface Kept extends SavedCache {
  /** When the session's first cache was saved. */
  firstAt: number
  /** What it is worth to `smart`. */
  worth: number
}

/** What is known of a session for as long as it lives, saved or not. */
interface Past {
  firstAt: number
  returns: number
}

/** The cache with the smallest value goes first. */
const values: Record<MemoryConfig['cache_strategy'], (cache: Kept) => number> = {
  lru: ({usedAt}) => usedAt,
  fifo: ({firstAt}) => firstAt,
  smart: ({worth}) => worth,
}

/**
 * Which saved caches stay: at most `maxTokens` tokens, all sessions together.
 *
 * `lru` gives up the session that computed longest ago, `fifo` the one whose first cache is the oldest, `smart` the one
 * that is least likely to come back, by how often it has. It is GreedyDual-Size-Frequency (Cherkasova, 1998): a cache is
 * worth its session's returns on top of what the last one given up was worth, so that old fame fades. Cost and size
 * both grow with the tokens and cancel out, which leaves LFU with dynamic ageing.
 */
export class SavedCaches {
  private readonly kept = new Map<string, Kept>()
  private readonly past = new Map<string, Past>()
  private floor = 0

  constructor(
    private readonly strategy: MemoryConfig['cache_strategy'],
    private readonly maxTokens: number,
  ) {}

  get tokens(): number {
    return this.sum(({tokens}) => tokens)
  }

  get bytes(): number {
    return this.sum(({bytes}) => bytes)
  }

  get size(): number {
    return this.kept.size
  }

  /** Takes a cache in; gives those that have to go for it, which may be this one. */
  put(cache: SavedCache, now: number): SavedCache[] {
    const key = keyOf(cache)
    const past = this.past.get(key) ?? {firstAt: now, returns: 0}
    this.past.set(key, past)
    this.kept.set(key, {...cache, firstAt: past.firstAt, worth: this.floor + 1 + past.returns})
    return this.giveUp(() => this.tokens > this.maxTokens)
  }

  /** The session got its cache back, and may leave another one some day. */
  restored(model: number, session: string): void {
    const key = keyOf({model, session})
    this.kept.delete(key)
    const past = this.past.get(key)
    if (past !== undefined) past.returns++
  }

  /** The cache is gone, for whatever other reason. */
  remove(model: number, session: string): void {
    this.kept.delete(keyOf({model, session}))
  }

  forgetSession(session: string): void {
    this.forget((cache) => cache.session === session)
  }

  forgetModel(model: number): void {
    this.forget((cache) => cache.model === model)
  }

  /** Gives up caches, the least worthy first, as long as `wanted` says so and there are any. */
  giveUp(wanted: () => boolean): SavedCache[] {
    const gone: SavedCache[] = []
    while (this.kept.size > 0 && wanted()) {
      const value = values[this.strategy]
      const first = [...this.kept.values()].reduce((least, cache) => (value(cache) < value(least) ? cache : least))
      this.floor = Math.max(this.floor, first.worth)
      this.kept.delete(keyOf(first))
      gone.push(first)
    }
    return gone
  }

  private forget(matches: (cache: {model: number; session: string}) => boolean): void {
    for (const key of this.past.keys()) {
      if (!matches(partsOf(key))) continue
      this.past.delete(key)
      this.kept.delete(key)
    }
  }

  private sum(of: (cache: Kept) => number): number {
    let total = 0
    for (const cache of this.kept.values()) total += of(cache)
    return total
  }
}

function keyOf({model, session}: {model: number; session: string}): string {
  return `${model} ${session}`
}

function partsOf(key: string): {model: number; session: string} {
  const space = key.indexOf(' ')
  return {model: Number(key.slice(0, space)), session: key.slice(space + 1)}
}
