/** So many tokens have to be the same for those behind them to be a guess. */
const matchTokens = 3
/** How much the accuracy follows the newest guess. */
const weight = 0.1

/**
 * Guesses the next tokens of an answer from the conversation's own text: what followed the last three tokens the last time that
 * they stood there (prompt lookup decoding; Saxena, 2023). Each token that comes is compared with what was guessed for it, whether the
 * guess was used or not, so that the accuracy is known before a guess costs anything.
 */
export class PromptLookup {
  private readonly tokens: number[] = []
  /** Where the tokens that followed each three begin, by a hash of the three. */
  private readonly follows = new Map<number, number>()
  private expected: number | undefined
  /** Share of the last guesses that came true. */
  accuracy = 0

  constructor(prompt: Iterable<number>) {
    for (const token of prompt) this.append(token)
    this.expected = this.guess(1)[0]
  }

  /** Takes in the token that was sampled. */
  add(token: number): void {
    if (this.expected !== undefined) {
      this.accuracy += weight * ((token === this.expected ? 1 : 0) - this.accuracy)
    }
    this.append(token)
    this.expected = this.guess(1)[0]
  }

  /** The tokens that may come next; none where the last ones stand there for the first time. */
  guess(most: number): number[] {
    const from = this.follows.get(this.hash())
    if (from === undefined || !this.isAlike(from)) return []
    return this.tokens.slice(from, from + most)
  }

  private append(token: number): void {
    // What follows the three tokens before this one begins here; they are entered now, so that they do not find themselves.
    if (this.tokens.length >= matchTokens) this.follows.set(this.hash(), this.tokens.length)
    this.tokens.push(token)
  }

  private hash(): number {
    let hash = 0
    for (let back = matchTokens; back > 0; back--) hash = Math.imul(hash ^ (this.tokens.at(-back) ?? 0), 0x9e3779b1)
    return hash
  }

  /** Whether the three tokens before this place are the last ones. */
  private isAlike(place: number): boolean {
    for (let back = 1; back <= matchTokens; back++) {
      if (this.tokens[place - back] !== this.tokens.at(-back)) return false
    }
    return true
  }
}
