/** This many tokens must match before the tokens after them become a guess. */
const matchTokens = 3
/** Weight of the newest guess in the accuracy. */
const weight = 0.1

/**
 * Guesses the next tokens of an answer from the conversation's own text: what followed the last three tokens the last
 * time that they stood there (prompt lookup decoding; Saxena, 2023). Each new token is compared with its guess, used or
 * not, so that the accuracy is known before a guess costs time.
 */
export class PromptLookup {
  private readonly tokens: number[] = []
  /** Position of the tokens after each three tokens, by a hash of the three. */
  private readonly follows = new Map<number, number>()
  private expected: number | undefined
  /** Share of recent guesses that were right. */
  accuracy = 0

  constructor(prompt: Iterable<number>) {
    for (const token of prompt) this.append(token)
    this.expected = this.guess(1)[0]
  }

  /** Adds the sampled token. */
  add(token: number): void {
    if (this.expected !== undefined) {
      this.accuracy += weight * ((token === this.expected ? 1 : 0) - this.accuracy)
    }
    this.append(token)
    this.expected = this.guess(1)[0]
  }

  /** The guessed next tokens; none if the last ones occur for the first time. */
  guess(most: number): number[] {
    const from = this.follows.get(this.hash())
    if (from === undefined || !this.isAlike(from)) return []
    return this.tokens.slice(from, from + most)
  }

  private append(token: number): void {
    // The three tokens before this one are indexed only now, so that they do not find themselves.
    if (this.tokens.length >= matchTokens) this.follows.set(this.hash(), this.tokens.length)
    this.tokens.push(token)
  }

  private hash(): number {
    let hash = 0
    for (let back = matchTokens; back > 0; back--) hash = Math.imul(hash ^ (this.tokens.at(-back) ?? 0), 0x9e3779b1)
    return hash
  }

  /** Whether the three tokens before this position equal the last three. */
  private isAlike(place: number): boolean {
    for (let back = 1; back <= matchTokens; back++) {
      if (this.tokens[place - back] !== this.tokens.at(-back)) return false
    }
    return true
  }
}
