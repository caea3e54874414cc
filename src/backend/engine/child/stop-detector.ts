import type {StopReason} from '../../contract/types.js'

/** Patterns are searched in this many last characters, so that long answers stay cheap. */
const patternWindow = 4096

export interface StopFound {
  reason: Extract<StopReason, 'stop' | 'pattern'>
  /** The stop string or the pattern's source. */
  by: string
}

/**
 * Searches text for stop strings and patterns, across the boundaries of its pieces.
 *
 * The answer ends before a stop string and after a pattern's first match. Text that may be the start of a stop string
 * is held back until that is decided, so that nothing has to be revoked.
 */
export class StopDetector {
  private text = ''
  private given = 0

  constructor(
    private readonly stops: readonly string[],
    private readonly patterns: readonly RegExp[],
  ) {}

  /** Adds a piece. Returns the text that may be shown, and what ended the answer, if anything did. */
  push(piece: string): {text: string; found: StopFound | undefined} {
    const from = this.text.length
    this.text += piece
    const hit = this.earliest(from)
    if (hit === undefined) return {text: this.give(this.text.length - this.heldBack()), found: undefined}
    // A look-ahead may end a match before text that was already returned; that text stays.
    this.text = this.text.slice(0, Math.max(hit.end, this.given))
    return {text: this.give(this.text.length), found: hit.found}
  }

  /** The held-back text, if the answer ends for another reason. */
  end(): string {
    return this.give(this.text.length)
  }

  /** The whole answer so far, held-back text included. */
  get answer(): string {
    return this.text
  }

  private give(until: number): string {
    const text = this.text.slice(this.given, until)
    this.given = Math.max(this.given, until)
    return text
  }

  private earliest(from: number): {end: number; found: StopFound} | undefined {
    let best: {end: number; found: StopFound} | undefined
    const offer = (end: number, found: StopFound): void => {
      if (best === undefined || end < best.end) best = {end, found}
    }
    for (const stop of this.stops) {
      const at = this.text.indexOf(stop, Math.max(0, from - stop.length + 1))
      if (at >= 0) offer(at, {reason: 'stop', by: stop})
    }
    const windowStart = Math.max(0, this.text.length - patternWindow)
    for (const pattern of this.patterns) {
      const found = this.text.slice(windowStart).matchAll(pattern)
      const match = [...found].find(([text]) => text.length > 0)
      if (match !== undefined) {
        offer(windowStart + match.index + match[0].length, {reason: 'pattern', by: pattern.source})
      }
    }
    return best
  }

  /** Length of the longest suffix of the text that starts a stop string. */
  private heldBack(): number {
    let longest = 0
    for (const stop of this.stops) {
      for (let length = Math.min(stop.length - 1, this.text.length); length > longest; length--) {
        if (this.text.endsWith(stop.slice(0, length))) longest = length
      }
    }
    return longest
  }
}
