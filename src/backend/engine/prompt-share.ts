/** What the next step has to do. */
export interface Waiting {
  /** How long the running answers' part of this step took, in milliseconds. */
  answersMs: number
  /** Answers that are running, at least one. */
  answers: number
  /** Requests whose prompts are being evaluated. */
  prompts: number
}

/** Part of the answers' time that prompts get: what noise adds should not make more than double of it. */
const shareOfTime = 0.85
/** Twice the tokens are taken when they take hardly longer, as they do where reading the weights takes the time. */
const hardlyLonger = 1.1
const mostOverdraft = 1.3
/** How much an estimate follows its newest measurement. */
const weight = 0.5
const usualWeight = 0.2
/** An estimate that stands in the way shrinks by this at every step: one bad measurement must not rule for ever. */
const forgetting = 0.998

/** What a prompt may take at once when it comes, in milliseconds. */
const hiccupMs = 250

/**
 * How many prompt tokens are evaluated between two tokens of the running answers.
 *
 * A prompt that comes may take a moment at once: a short one is evaluated in one hiccup, which is quicker than bit by bit.
 * From then on prompts get nearly as much time as the answers do, so that a long prompt at most doubles the time between two
 * tokens, and more when more requests wait for their first token than are being answered: then each request has the
 * same share. `patienceMs` sets a time between two tokens that is short enough for anybody: it may be used up in any case.
 *
 * How long a number of tokens takes is measured, for powers of two: kernels change their ways with it, so that on some
 * models 64 tokens take less time than 32 (docs/benchmarks.md).
 */
export class PromptShare {
  private readonly durations = new Map<number, number>()
  private readonly sizes: readonly number[]
  /** What is left of the moments that waiting prompts may take at once. */
  private momentsMs = 0
  /** What the answers' part takes of late, in milliseconds; 0 when that is not known. */
  private usual = 0
  /** What the last step was given apart from that. */
  private due = 0

  constructor(
    largest: number,
    private readonly patienceMs: number,
  ) {
    this.sizes = Array.from({length: Math.floor(Math.log2(largest)) + 1}, (_, power) => 2 ** power)
  }

  /** A prompt has come, of which so many tokens are to be evaluated. */
  arrived(tokens: number): void {
    const size = this.sizes.find((one) => one >= tokens)
    this.momentsMs += size === undefined ? hiccupMs : Math.min(hiccupMs, this.estimate(size))
  }

  /** No prompt waits. */
  idle(): void {
    this.momentsMs = 0
  }

  /** Prompt tokens for this step: a power of two. */
  tokens({answersMs, answers, prompts}: Waiting): number {
    this.usual = this.usual === 0 ? answersMs : this.usual + usualWeight * (answersMs - this.usual)
    // A step that something else held up is no reason to hold up the next one as well.
    const share = shareOfTime * Math.min(answersMs, this.usual) * Math.max(1, prompts / answers)
    this.due = Math.max(share, this.patienceMs - answersMs)
    const budget = this.due + this.momentsMs
    let size = this.largestWithin(budget)
    for (let twice = 2 * size; this.sizes.includes(twice); twice *= 2) {
      const ms = this.estimate(twice)
      if (ms > hardlyLonger * this.estimate(size) || ms > mostOverdraft * budget) break
      size = twice
    }
    return size
  }

  private largestWithin(budget: number): number {
    for (const size of this.sizes.toReversed()) {
      if (this.estimate(size) <= budget) return size
      const known = this.durations.get(size)
      if (known !== undefined) this.durations.set(size, known * forgetting)
    }
    return 1
  }

  /** Tokens beside answers took so long. */
  spent(ms: number): void {
    this.momentsMs = Math.max(0, this.momentsMs - Math.max(0, ms - this.due))
  }

  /** Takes in how long that many tokens took; as of the next smaller power of two. */
  measured(tokens: number, ms: number): void {
    const size = this.sizes.findLast((one) => one <= tokens)
    if (size === undefined) return
    const scaled = (ms * size) / tokens
    const known = this.durations.get(size) ?? scaled
    this.durations.set(size, known + weight * (scaled - known))
  }

  /**
   * Of a size that was never measured: at the best rate of the larger ones, else, if it is the next larger one, as long as
   * the largest measured: weights are read once however many tokens there are. Either is found out by trying.
   */
  private estimate(size: number): number {
    const known = this.durations.get(size)
    if (known !== undefined) return known
    const measured = [...this.durations].sort(([a], [b]) => a - b)
    const rates = measured.filter(([other]) => other > size).map(([other, ms]) => ms / other)
    if (rates.length > 0) return size * Math.min(...rates)
    const [largest, ms] = measured.at(-1) ?? [0, Infinity]
    return size <= 2 * largest ? ms : Infinity
  }
}
