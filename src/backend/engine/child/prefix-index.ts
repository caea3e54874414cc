/** Tokens of a block: prefixes are told apart by whole blocks first, then token by token. */
const blockTokens = 32

interface Indexed {
  id: string
  tokens: Uint32Array
  /** Of each whole block, with all before it. */
  hashes: readonly number[]
}

/**
 * Finds among many token lists the one that shares the longest beginning with a prompt. Lists are entered under the hash of
 * each of their beginnings of 32, 64, … tokens, so that a search takes as many look-ups as the prompt has blocks, however many
 * lists there are. What a hash has found is compared token by token.
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

  /** Takes the place of an earlier list of that id. Lists shorter than a block are never found. */
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
   * The list that shares most with the prompt, a block at least.
   * @param whole only lists that the prompt begins with as a whole
   */
  longest(prompt: ArrayLike<number>, {whole = false} = {}): {id: string; shared: number} | undefined {
    let best: {id: string; shared: number} | undefined
    for (const hash of blockHashes(prompt).toReversed()) {
      for (const {id, tokens} of this.blocks.get(hash) ?? []) {
        const shared = commonPrefix(tokens, prompt)
        if (whole && shared < tokens.length) continue
        if (shared >= blockTokens && shared > (best?.shared ?? 0)) best = {id, shared}
      }
      // A shorter block's lists share less than this one's.
      if (best !== undefined) return best
    }
    return undefined
  }

  /** Lists that these tokens begin with, all of each. */
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

/** How many tokens two lists have in common at their beginning. */
export function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const longest = Math.min(a.length, b.length)
  let length = 0
  while (length < longest && a[length] === b[length]) length++
  return length
}

/** FNV-1a over the tokens, as of each whole block. */
function blockHashes(tokens: ArrayLike<number>): number[] {
  const hashes: number[] = []
  let hash = 0x811c9dc5
  for (let at = 0; at < tokens.length; at++) {
    hash = Math.imul(hash ^ (tokens[at] ?? 0), 0x01000193)
    if ((at + 1) % blockTokens === 0) hashes.push(hash >>> 0)
  }
  return hashes
}
