import type {Completion} from './target.js'

/**
 * Pieces closer together than this, in milliseconds, count as one arrival: no model generates 10,000 tokens per second
 * in one stream, but one flush of a server may have many.
 */
export const atOnceMs = 0.1

/** Arrival times of the pieces of an answer, from the request on. Uses any monotonic clock in milliseconds. */
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

  /** The last token arrived; later events, such as counts, do not belong to the answer. The first call counts. */
  end(): void {
    this.endedAt ??= this.now()
  }

  /** For an answer without text, the end counts as its first token. */
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
