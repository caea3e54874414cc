import {CostCurve} from './cost-curve.js'

/** The work of the next step. */
export interface Waiting {
  /** Answers that are running, at least one. */
  answers: number
  /** Requests whose prompts are being evaluated, at least one. */
  prompts: number
  /** Remaining prompt tokens of all of them. */
  tokens: number
}

/** A gap between two tokens up to this length is not noticeable, in milliseconds. */
const shortGapMs = 40
/** Time that a new prompt may take at once, in milliseconds. */
const arrivalMs = 250
/** A long pause comes at most once in this many tokens of an answer, so that 95 of 100 gaps have none. */
const tokensBetweenPauses = 28
/** Take twice the tokens if they take hardly longer, as is the case while reading the weights dominates. */
const hardlyLonger = 1.1
const mostOverdraft = 1.3
/** Weight of the newest answer step in the average time. */
const usualWeight = 0.2
/** An estimate that prevents a try shrinks by this factor each time, so that one bad measurement does not last. */
const forgetting = 0.998
/** llama.cpp's CPU attention uses a faster path from this number of tokens of a sequence (GGML_FA_TILE_Q). */
const fastAttention = 64
/** Rows are added to a piece if the larger one takes at most this share of its time. */
const worthPadding = 0.95

/**
 * How long prompts are evaluated between two tokens of the running answers.
 *
 * Prompts get about as much time as the answers do, and more when more requests wait for their first token than are being
 * answered: then each request has the same share. The time is spent in one of two ways, whichever evaluates more tokens by
 * the measured costs:
 *
 * - in every step, which doubles the gap between two tokens;
 * - in one pause for every 28 tokens, as long as these took and at most `longestGapMs`. Large pieces are much quicker on a CPU: llama.cpp's
 *   attention has a fast path from 64 tokens on, and behind 1,900 others a token of a piece of 12 takes 8 ms, of 256 takes 3
 *   (docs/benchmarks.md).
 *
 * A prompt that comes may take a moment at once: a short one is evaluated in one go, which is quicker than bit by bit.
 */
export class PromptShare {
  readonly costs = new CostCurve()
  private readonly sizes: readonly number[]
  /** Remaining time that waiting prompts may take at once. */
  private momentsMs = 0
  /** Steps of the answers since the last pause. */
  private steps = 0
  /** Recent time of an answer step, in milliseconds; 0 if unknown. */
  private usual = 0
  /** What is left of what the last step was given apart from the moments. */
  private due = 0

  /**
   * @param largest tokens of one decode
   * @param longestGapMs `token_gap_ms`: the longest gap between two tokens of an answer that prompts may cause
   */
  constructor(
    private readonly largest: number,
    private readonly longestGapMs: number,
  ) {
    this.sizes = pieceSizes(largest)
  }

  /** A prompt arrived, with this many tokens to evaluate. */
  arrived(tokens: number): void {
    this.momentsMs += Math.min(arrivalMs, this.costs.estimate(tokens))
  }

  /** No prompt waits beside answers. */
  idle(): void {
    this.momentsMs = 0
    this.steps = 0
  }

  /** A step of the answers took this long. */
  answered(ms: number): void {
    this.usual = this.usual === 0 ? ms : this.usual + usualWeight * (ms - this.usual)
  }

  /** Time that prompts may take now, in milliseconds; 0 if they must wait for the next pause. */
  budget({answers, prompts, tokens}: Waiting): number {
    const {usual, longestGapMs} = this
    const crowding = Math.max(1, prompts / answers)
    const everyStep = Math.max(
      usual,
      Math.min(usual * crowding, longestGapMs - usual),
      Math.min(shortGapMs, longestGapMs) - usual,
    )
    const pause = Math.min(tokensBetweenPauses * usual, longestGapMs - usual)
    const spacing = Math.max(1, tokensBetweenPauses / crowding)
    const often = this.tokensWithin(everyStep) / (usual + everyStep)
    const seldom = this.tokensWithin(pause) / (spacing * usual + pause)
    this.due = everyStep
    const rest = this.costs.estimate(tokens)
    if (pause > everyStep && seldom > often && rest > everyStep) {
      this.steps++
      // The rest of the prompts may follow when the answers have had as much time.
      const isTime = this.steps >= spacing || this.steps * usual * crowding >= rest
      this.due = isTime ? pause : 0
      if (isTime) this.steps = 0
    }
    return Math.min(this.due + this.momentsMs, Math.max(everyStep, longestGapMs - usual))
  }

  /** Prompts took this long while answers were running. */
  spent(ms: number): void {
    this.momentsMs = Math.max(0, this.momentsMs - Math.max(0, ms - this.due))
    this.due = Math.max(0, this.due - ms)
  }

  /**
   * Tokens of a piece that takes about this long; at least 1.
   * @param left tokens of the prompt: all in one piece if that takes hardly longer than a smaller one and the rest
   */
  tokens(budgetMs: number, left = Infinity): number {
    if (left <= this.largest && this.costs.estimate(this.padded(left)) <= mostOverdraft * budgetMs) return left
    let size = this.tokensWithin(budgetMs)
    for (const larger of this.sizes) {
      if (larger <= size) continue
      const ms = this.costs.estimate(larger)
      if (ms <= mostOverdraft * budgetMs && ms <= hardlyLonger * this.costs.estimate(size)) size = larger
      else if (larger >= 2 * size) break
    }
    const larger = this.sizes.find((one) => one > size)
    if (larger !== undefined) this.costs.scale(larger, forgetting)
    return size
  }

  private tokensWithin(budgetMs: number): number {
    return this.sizes.findLast((size) => this.costs.estimate(size) <= budgetMs) ?? 1
  }

  /**
   * How many tokens a piece is best evaluated as: a kernel may be quicker with some more rows. The first two
   * pieces of more than half of 64 tokens find out how long 64 take.
   */
  padded(tokens: number): number {
    const {costs, largest} = this
    const isNear = tokens > fastAttention / 2 && tokens < fastAttention && fastAttention <= largest
    if (isNear && !costs.isSettled(fastAttention)) return fastAttention
    // Measurements of sizes in between are kept under the next smaller size.
    const known = this.sizes.findLast((size) => size <= tokens) ?? 1
    const alone = (costs.estimate(known) * tokens) / known
    const better = this.sizes.filter(
      (size) => size > tokens && costs.has(size) && costs.estimate(size) < worthPadding * alone,
    )
    return better.reduce(
      (best, size) => (costs.estimate(size) < costs.estimate(best) ? size : best),
      better[0] ?? tokens,
    )
  }

  /** Adds the time of this many tokens, under the next smaller size. */
  measured(tokens: number, ms: number): void {
    const size = this.sizes.findLast((one) => one <= tokens)
    if (size !== undefined) this.costs.measured(size, (ms * size) / tokens)
  }
}

/** The sizes that are measured: in steps of 4, or of an eighth to a quarter of the size if that is more. */
function pieceSizes(largest: number): number[] {
  const sizes = [1, 2]
  for (let size = 4; size <= largest; size += Math.max(4, 2 ** Math.floor(Math.log2(size) - 2))) sizes.push(size)
  return sizes.filter((size) => size <= largest)
}
