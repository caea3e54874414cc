import type {MemoryConfig} from '../../src/config/index.js'
import {SavedCaches} from '../../src/backend/memory/saved-caches.js'

/** One question of a session. A trace lists visits in the order of their arrival. */
export interface Visit {
  session: string
  /** Tokens of the question and of its answer. */
  tokens: number
}

export interface CacheSize {
  slots: number
  /** The limit for the tokens of all caches without a slot. */
  maxTokens: number
  /** A conversation that exceeds it loses its first half, and its cache. */
  contextSize: number
}

/** Share of all prompt tokens that were in the session's slot or in its saved cache. It needs no model. */
export function cachedShare(
  trace: readonly Visit[],
  strategy: MemoryConfig['cache_strategy'],
  {slots, maxTokens, contextSize}: CacheSize,
): number {
  const saved = new SavedCaches(strategy, {maxTokens, maxBytes: Infinity, maxAgeMs: Infinity})
  const lengths = new Map<string, number>()
  /** Sessions with saved caches. Those with slots are next, the least recently used first. */
  const kept = new Set<string>()
  const inSlots = new Set<string>()
  let [cached, asked] = [0, 0]
  for (const [now, {session, tokens}] of trace.entries()) {
    const before = lengths.get(session) ?? 0
    const cut = before + tokens > contextSize
    const history = cut ? Math.floor(before / 2) : before
    if (inSlots.has(session) || kept.has(session)) cached += cut ? 0 : history
    asked += history + tokens
    if (kept.delete(session)) {
      saved.restored(session, now)
      saved.remove(session)
    }
    inSlots.delete(session)
    inSlots.add(session)
    lengths.set(session, history + tokens)
    const [loser] = inSlots
    if (inSlots.size <= slots || loser === undefined) continue
    inSlots.delete(loser)
    kept.add(loser)
    const length = lengths.get(loser) ?? 0
    const cache = {
      id: loser,
      model: '',
      session: loser,
      line: loser,
      file: '',
      tokens: length,
      bytes: length,
      usedAt: now,
    }
    for (const {id} of saved.put(cache, now)) kept.delete(id)
  }
  return cached / asked
}
