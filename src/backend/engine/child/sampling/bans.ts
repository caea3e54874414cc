/**
 * Keeps forbidden texts out of an answer. A text is rarely one token, so what must not come next depends on how the
 * answer ends: every token that would complete a forbidden text there, or contains one, is banned.
 */
export class Bans {
  private readonly tokensOf = new Map<string, readonly number[]>()
  private readonly always: readonly number[]
  private readonly longest: number

  constructor(
    tokens: readonly number[],
    private readonly texts: readonly string[],
    private readonly tokenTexts: () => readonly string[],
    /** Forbidden texts as tokens: characters of several tokens have no text halfway. */
    private readonly sequences: readonly (readonly number[])[] = [],
  ) {
    this.longest = Math.max(0, ...texts.map((text) => text.length))
    this.always = [...tokens, ...texts.flatMap((text) => this.find((piece) => piece.includes(text), `*${text}`))]
  }

  /** The tokens that must not follow `answer`, which `tokens` ends with; these are only read if they matter. */
  after(answer: string, tokens: () => readonly number[]): readonly number[] {
    if (this.texts.length === 0) return this.always
    const said = tokens()
    const tail = answer.slice(-this.longest)
    const completing = this.texts.flatMap((text) => {
      const found: number[] = []
      for (let done = 1; done < text.length; done++) {
        if (!tail.endsWith(text.slice(0, done))) continue
        const rest = text.slice(done)
        found.push(...this.find((piece) => piece.startsWith(rest), rest))
      }
      return found
    })
    for (const sequence of this.sequences) {
      const last = sequence.at(-1)
      if (last !== undefined && endsWith(said, sequence.slice(0, -1))) completing.push(last)
    }
    return completing.length === 0 ? this.always : [...new Set([...this.always, ...completing])]
  }

  private find(matches: (text: string) => boolean, key: string): readonly number[] {
    let tokens = this.tokensOf.get(key)
    if (tokens === undefined) {
      tokens = this.tokenTexts().flatMap((text, token) => (matches(text) ? [token] : []))
      this.tokensOf.set(key, tokens)
    }
    return tokens
  }
}

function endsWith(tokens: readonly number[], end: readonly number[]): boolean {
  return end.length <= tokens.length && end.every((token, at) => tokens[tokens.length - end.length + at] === token)
}
