import type {Completion} from './target.js'

/**
 * Pieces that come closer together than this, in milliseconds, came at once: no model makes 10,000 tokens a second in one
 * stream, but one flush of a server may bring many.
 */
export const atOnceMs = 0.1

/** When pieces of an answer came, from the moment it was asked for. Any monotonic clock in milliseconds. */
export class PieceTimes {
  private readonly startedAt: number
  private firstAt: number | undefined
  private lastAt: number | undefined
  private endedAt: number | undefined
  private pieces = 0
  private firstPieces = 0
  private readonly gaps: number[] = []

  constructor(private readonly now: () => number) {
    this.startedAt = now()
  }

  /** Pieces so far. */
  get count(): number {
    return this.pieces
  }

  piece(): void {
    const at = this.now()
    if (this.lastAt !== undefined && at - this.lastAt >= atOnceMs) this.gaps.push(at - this.lastAt)
    this.firstAt ??= at
    this.lastAt = at
    this.pieces += 1
    if (this.gaps.length === 0) this.firstPieces += 1
  }

  /** The last token is there; what comes behind it, as counts, does not belong to the answer. The first call counts. */
  end(): void {
    this.endedAt ??= this.now()
  }

  /** An answer without any text has its first token, as far as anybody sees, with its end. */
  times(): Pick<Completion, 'ttft_ms' | 'total_ms' | 'gaps_ms' | 'pieces' | 'first_pieces'> {
    const endedAt = this.endedAt ?? this.lastAt ?? this.startedAt
    return {
      ttft_ms: (this.firstAt ?? endedAt) - this.startedAt,
      total_ms: endedAt - this.startedAt,
      gaps_ms: this.gaps,
      pieces: this.pieces,
      first_pieces: this.firstPieces,
    }
  }
}
