import {seededRandom} from '../../system/random.js'
import type {Prompts} from '../prompts.js'
import type {TrafficRequest} from './exchange.js'

/** Whole numbers from `min` to `max`, both included. */
export interface Range {
  min: number
  max: number
}

export interface Sizes {
  /** Tokens of each prompt; in conversations, of each user message. */
  promptTokens: number
  /** Tokens of each answer, drawn uniformly. */
  answerTokens: Range
}

/** Requests with new prompts and answers of unequal length. The same seed gives the same requests in the same order. */
export class Source {
  private readonly random: () => number
  private readonly promptSeed: number

  constructor(
    private readonly prompts: Pick<Prompts, 'make'>,
    private readonly sizes: Sizes,
    {seed, promptSeed}: {seed: number; promptSeed: number},
  ) {
    this.promptSeed = promptSeed
    this.random = seededRandom(seed)
  }

  /** A text of that many tokens. */
  text(tokens: number): string {
    return this.prompts.make(tokens, (Math.floor(this.random() * 0xffff_ffff) ^ this.promptSeed) >>> 0)
  }

  next({promptTokens = this.sizes.promptTokens, answerTokens = this.sizes.answerTokens} = {}): TrafficRequest {
    return {prompt: this.text(promptTokens), maxTokens: this.draw(answerTokens)}
  }

  /** A time between two arrivals of a Poisson process, in milliseconds. */
  interarrivalMs(ratePerSecond: number): number {
    return (-Math.log(1 - this.random()) * 1000) / ratePerSecond
  }

  /** The items in another order: Fisher and Yates. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items]
    return items.flatMap(() => rest.splice(Math.floor(this.random() * rest.length), 1))
  }

  private draw({min, max}: Range): number {
    return min + Math.floor(this.random() * (max - min + 1))
  }
}
