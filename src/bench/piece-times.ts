import type {Completion} from './target.js'

/** When pieces of an answer came, from the moment it was asked for. Any monotonic clock in milliseconds. */
export class PieceTimes {
  private readonly startedAt: number
  private firstAt: number | undefined
  private lastAt: number | undefined
  private endedAt: number | undefined
  private readonly gaps: number[] = []

  constructor(private readonly now: () => number) {
    this.startedAt = now()
  }

  /** Pieces so far. */
  get count(): number {
    return this.firstAt === undefined ? 0 : this.gaps.length + 1
  }

  piece(): void {
    const at = this.now()
    if (this.lastAt !== undefined) this.gaps.push(at - this.lastAt)
    this.firstAt ??= at
    this.lastAt = at
  }

  /** The last token is there; what comes behind it, as counts, does not belong to the answer. The first call counts. */
  end(): void {
    this.endedAt ??= this.now()
  }

  /** An answer without any text has its first token, as far as anybody sees, with its end. */
  times(): Pick<Completion, 'ttft_ms' | 'total_ms' | 'gaps_ms'> {
    const endedAt = this.endedAt ?? this.lastAt ?? this.startedAt
    return {
      ttft_ms: (this.firstAt ?? endedAt) - this.startedAt,
      total_ms: endedAt - this.startedAt,
      gaps_ms: this.gaps,
    }
  }
}
