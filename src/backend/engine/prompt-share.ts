/** What the next step has to do. */
export interface Waiting {
  /** How long the running answers' part of this step took, in milliseconds. */
  answersMs: number
  /** Answers that are running, at least one. */
  answers: number
  /** Requests whose prompts are being evaluated. */
  prompts: number
}

/** How much an estimate follows its newest measurement. */
const weight = 0.5
/** An estimate that stands in the way shrinks by this at every step: one bad measurement must not rule for ever. */
const forgetting = 0.998

/**
 * How many prompt tokens are evaluated between two tokens of the running answers.
 *
 * Prompts get as much time as the answers do, so that a long prompt at most doubles the time between two tokens, and
 * more when more requests wait for their first token than are being answered: then each request has the same share.
 * `patienceMs` sets a time between two tokens that is short enough for anybody: it may be used up in any case.
 *
 * How long a number of tokens takes is measured, for powers of two: kernels change their ways with it, so that on some
 * models 64 tokens take less time than 32 (docs/benchmarks.md).
 */
export class PromptShare {
  private readonly durations = new Map<number, number>()
  private readonly sizes: readonly number[]

  constructor(
    largest: number,
    private readonly patienceMs: number,
  ) {
    this.sizes = Array.from({length: Math.floor(Math.log2(largest)) + 1}, (_, power) => 2 ** power)
  }

  /** Prompt tokens for this step: a power of two. */
  tokens({answersMs, answers, prompts}: Waiting): number {
    const budget = Math.max(answersMs * Math.max(1, prompts / answers), this.patienceMs - answersMs)
    for (const size of this.sizes.toReversed()) {
      if (this.estimate(size) <= budget) return size
      const known = this.durations.get(size)
      if (known !== undefined) this.durations.set(size, known * forgetting)
    }
    return 1
  }

  /** Takes in how long that many tokens took. */
  measured(tokens: number, ms: number): void {
    if (!this.sizes.includes(tokens)) return
    const known = this.durations.get(tokens) ?? ms
    this.durations.set(tokens, known + weight * (ms - known))
  }

  /** Of a size that was never measured: at the best rate of the larger ones, to be found out; else at that of the nearest smaller one. */
  private estimate(size: number): number {
    const known = this.durations.get(size)
    if (known !== undefined) return known
    const measured = [...this.durations].sort(([a], [b]) => a - b)
    const rates = measured.filter(([other]) => other > size).map(([other, ms]) => ms / other)
    const [smaller, ms] = measured.at(-1) ?? [1, Infinity]
    return size * (rates.length > 0 ? Math.min(...rates) : ms / smaller)
  }
}
