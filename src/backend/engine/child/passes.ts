/** Tokens of one sequence in a batch. */
export interface BatchPart {
  sequence: number
  tokens: number
}

/**
 * How often llama.cpp reads the weights for a batch. With a KV cache of its own for each sequence it cuts a batch into
 * passes (`llama_batch_allocr::split_equal` with `sequential`, src/llama-batch.cpp of v0.5.0): one pass takes sequences
 * whose ids rise by exactly one, in the order of the batch, and the same number of tokens of each.
 *
 * @param parts in the order of the batch, each sequence once
 * @param most tokens of one pass (`n_ubatch`)
 */
export function countPasses(parts: readonly BatchPart[], most: number): number {
  const left = parts.map(({sequence, tokens}) => ({sequence, tokens}))
  let passes = 0
  for (;;) {
    const taken: BatchPart[] = []
    for (const part of left) {
      const last = taken.at(-1)
      if (part.tokens > 0 && (last === undefined || part.sequence === last.sequence + 1)) taken.push(part)
      if (taken.length > most) break
    }
    if (taken.length === 0) return passes
    const shortest = Math.min(...taken.map(({tokens}) => tokens))
    const each = Math.min(shortest, Math.max(1, Math.floor(most / taken.length)))
    for (const part of taken) part.tokens -= each
    passes++
  }
}
