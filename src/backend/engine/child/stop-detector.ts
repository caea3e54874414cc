import type {LinearPattern} from '../../../documents/linear-pattern.js'
import type {StopReason} from '../../contract/types.js'
import {StopSearch} from './stop-search.js'

/** Patterns are searched in at most this many last characters, so that long answers stay cheap. */
const longestWindow = 4096
/** Work for each token: characters times parts of all patterns. About 4 ms. */
const workForToken = 100_000

/** How many last characters a pattern is searched in: fewer for large patterns, and for those that match an empty text. */
export function windowOf({parts, canBeEmpty}: Pick<LinearPattern, 'parts' | 'canBeEmpty'>, allParts: number): number {
  const work = (workForToken * parts) / Math.max(1, allParts)
  const each = Math.max(1, parts)
  return Math.min(longestWindow, Math.ceil(canBeEmpty ? Math.sqrt((2 * work) / each) : work / each))
}

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
  private readonly stops: readonly StopSearch[]
  private readonly patterns: readonly {pattern: LinearPattern; window: number}[]

  constructor(stops: readonly string[], patterns: readonly LinearPattern[]) {
    this.stops = stops.map((stop) => new StopSearch(stop))
    const allParts = patterns.reduce((sum, {parts}) => sum + parts, 0)
    this.patterns = patterns.map((pattern) => ({pattern, window: windowOf(pattern, allParts)}))
  }

  /** Adds a piece. Returns the text that may be shown, and what ended the answer, if anything did. */
  push(piece: string): {text: string; found: StopFound | undefined} {
    const from = this.text.length
    this.text += piece
    const hit = this.earliest(piece, from)
    if (hit === undefined) return {text: this.give(this.text.length - this.heldBack()), found: undefined}
    // What follows an assertion may end a match before text that was already returned; that text stays.
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

  private earliest(piece: string, from: number): {end: number; found: StopFound} | undefined {
    let best: {end: number; found: StopFound} | undefined
    const offer = (end: number, found: StopFound): void => {
      if (best === undefined || end < best.end) best = {end, found}
    }
    for (const search of this.stops) {
      const end = search.push(piece)
      if (end !== undefined) offer(from + end - search.stop.length, {reason: 'stop', by: search.stop})
    }
    for (const {pattern, window} of this.patterns) {
      const windowStart = Math.max(0, this.text.length - window)
      const match = pattern.first(this.text.slice(windowStart))
      if (match !== undefined) offer(windowStart + match.end, {reason: 'pattern', by: pattern.source})
    }
    return best
  }

  /** Length of the longest suffix of the text that starts a stop string. */
  private heldBack(): number {
    return Math.max(0, ...this.stops.map(({matched}) => matched))
  }
}
