/** A token that may come next. `logit` is the model's, as changed by the samplers before. */
export interface Candidate {
  id: number
  logit: number
}

/** Highest logit first, as every sampler here expects and leaves it. */
export type Candidates = readonly Candidate[]

/** Probabilities of the candidates, in their order; they sum to 1. */
export function softmax(candidates: Candidates): number[] {
  const highest = Math.max(...candidates.map(({logit}) => logit))
  const weights = candidates.map(({logit}) => Math.exp(logit - highest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

export function sortCandidates(candidates: Iterable<Candidate>): Candidate[] {
  return [...candidates].sort((a, b) => b.logit - a.logit)
}

/** Draws one candidate by its probability; gives its index. */
export function draw(probabilities: readonly number[], random: () => number): number {
  let rest = random()
  for (const [index, probability] of probabilities.entries()) {
    rest -= probability
    if (rest < 0) return index
  }
  return probabilities.length - 1
}
