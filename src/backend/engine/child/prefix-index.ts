/** Tokens per block: prefixes are compared by whole blocks first, then token by token. */
const blockTokens = 32

interface Indexed {
  id: string
  tokens: Uint32Array
  /** Hash of each whole block, with all tokens before it. */
  hashes: readonly number[]
}

/**
 * Finds the token list that shares the longest prefix with a prompt. Lists are indexed by the hashes of their prefixes
 * of 32, 64, … tokens, so that a search needs one look-up per block of the prompt, regardless of the number of lists.
 * Hash matches are then compared token by token.
 */
export class PrefixIndex {
  private readonly lists = new Map<string, Indexed>()
  private readonly blocks = new Map<number, Set<Indexed>>()

  get size(): number {
    return this.lists.size
  }

  tokensOf(id: string): Uint32Array | undefined {
    return this.lists.get(id)?.tokens
  }

  ids(): string[] {
    return [...this.lists.keys()]
  }

  /** Replaces an earlier list with the same id. Lists shorter than a block are never found. */
  add(id: string, tokens: Uint32Array): void {
    this.delete(id)
    const list = {id, tokens, hashes: blockHashes(tokens)}
    this.lists.set(id, list)
    for (const hash of list.hashes) {
      const sharing = this.blocks.get(hash) ?? new Set()
      sharing.add(list)
      this.blocks.set(hash, sharing)
    }
  }

  delete(id: string): void {
    const list = this.lists.get(id)
    if (list === undefined) return
    this.lists.delete(id)
    for (const hash of list.hashes) {
      const sharing = this.blocks.get(hash)
      sharing?.delete(list)
      if (sharing?.size === 0) this.blocks.delete(hash)
    }
  }

  /**
   * The list that shares the longest prefix with the prompt, at least one block.
   * @param whole only lists that are completely a prefix of the prompt
   */
  longest(prompt: ArrayLike<number>, {whole = false} = {}): {id: string; shared: number} | undefined {
    let best: {id: string; shared: number} | undefined
    for (const hash of blockHashes(prompt).toReversed()) {
      for (const {id, tokens} of this.blocks.get(hash) ?? []) {
        const shared = commonPrefix(tokens, prompt)
        if (whole && shared < tokens.length) continue
        if (shared >= blockTokens && shared > (best?.shared ?? 0)) best = {id, shared}
      }
      // Lists of shorter blocks share less than this one.
      if (best !== undefined) return best
    }
    return undefined
  }

  /** Lists that are completely a prefix of these tokens. */
  coveredBy(tokens: ArrayLike<number>): string[] {
    const found = new Set<string>()
    for (const [block, hash] of blockHashes(tokens).entries()) {
      for (const list of this.blocks.get(hash) ?? []) {
        // Each list is compared once, at its last block.
        if (list.hashes.length !== block + 1) continue
        if (list.tokens.length <= tokens.length && commonPrefix(list.tokens, tokens) === list.tokens.length)
          found.add(list.id)
      }
    }
    return [...found]
  }
}

/** Length of the common prefix of two lists. */
export function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const longest = Math.min(a.length, b.length)
  let length = 0
  while (length < longest && a[length] === b[length]) length++
  return length
}

/** FNV-1a over the tokens, at each whole block. */
function blockHashes(tokens: ArrayLike<number>): number[] {
  const hashes: number[] = []
  let hash = 0x811c9dc5
  for (let at = 0; at < tokens.length; at++) {
    hash = Math.imul(hash ^ (tokens[at] ?? 0), 0x01000193)
    if ((at + 1) % blockTokens === 0) hashes.push(hash >>> 0)
  }
  return hashes
}
