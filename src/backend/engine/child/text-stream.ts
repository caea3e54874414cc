const replacement = '\uFFFD'

/** A character has at most four bytes, so more incomplete tokens than this never become one. */
const longestCharacterTokens = 4

/**
 * Turns tokens into text piece by piece, whole characters only.
 *
 * A token may be a part of a character, and some tokenizers decode a token differently after another one (leading
 * spaces). Each piece is therefore the difference of two detokenizations with the same start.
 */
export class TextStream {
  private readonly tokens: number[] = []
  /** Where the common start begins, and how many tokens were returned. */
  private start = 0
  private given = 0

  constructor(private readonly detokenize: (tokens: Uint32Array) => string) {}

  /** Adds a token. Returns the text that is final now, which may be empty. */
  push(token: number): string {
    this.tokens.push(token)
    const text = this.pending()
    const unfinished = this.tokens.length - this.given
    if (text.endsWith(replacement) && unfinished < longestCharacterTokens) return ''
    this.start = this.given
    this.given = this.tokens.length
    return text
  }

  /** The rest: bytes that never became a character are shown as U+FFFD. */
  end(): string {
    const text = this.pending()
    this.given = this.tokens.length
    return text
  }

  private pending(): string {
    if (this.given === this.tokens.length) return ''
    const before =
      this.start === this.given ? '' : this.detokenize(Uint32Array.from(this.tokens.slice(this.start, this.given)))
    const after = this.detokenize(Uint32Array.from(this.tokens.slice(this.start)))
    return after.slice(before.length)
  }
}
