import {draw, softmax, type Candidates} from './candidates.js'

/** Candidates that the estimate of the Zipf exponent looks at (llama.cpp's `m`). */
const estimateOver = 100

/**
 * Mirostat (Basu et al. 2020, arXiv:2007.14966) holds the surprise of the sampled tokens near `tau` bits. The state
 * `mu` starts at 2 tau and moves by `eta` times the error after every token. Version 1 derives a top-k from an
 * estimated Zipf exponent, version 2 drops candidates more surprising than `mu`.
 */
export class Mirostat {
  private mu: number

  constructor(
    private readonly version: 1 | 2,
    private readonly tau: number,
    private readonly eta: number,
    private readonly vocabularySize: number,
  ) {
    this.mu = 2 * tau
  }

  sample(candidates: Candidates, random: () => number): number {
    const kept = this.version === 1 ? this.byZipf(candidates) : this.bySurprise(candidates)
    const probabilities = softmax(kept)
    const index = draw(probabilities, random)
    const surprise = -Math.log2(probabilities[index] ?? 1)
    this.mu -= this.eta * (surprise - this.tau)
    return kept[index]?.id ?? -1
  }

  private byZipf(candidates: Candidates): Candidates {
    const exponent = zipfExponent(softmax(candidates.slice(0, estimateOver)))
    const epsilon = exponent - 1
    const k = ((epsilon * 2 ** this.mu) / (1 - this.vocabularySize ** -epsilon)) ** (1 / exponent)
    // A flat start makes the estimate 0/0; then no candidate can be dropped.
    return Number.isFinite(k) ? candidates.slice(0, Math.max(1, Math.floor(k))) : candidates
  }

  private bySurprise(candidates: Candidates): Candidates {
    const kept = softmax(candidates).filter((probability) => -Math.log2(probability) <= this.mu).length
    return candidates.slice(0, Math.max(1, kept))
  }
}

/** Least-squares slope of the falling probabilities on log-log axes. */
function zipfExponent(probabilities: readonly number[]): number {
  let products = 0
  let squares = 0
  for (let i = 0; i + 1 < probabilities.length; i++) {
    const step = Math.log((i + 2) / (i + 1))
    products += step * Math.log((probabilities[i] ?? 0) / (probabilities[i + 1] ?? 0))
    squares += step * step
  }
  return products / squares
}
