import {softmax, type Candidates} from './candidates.js'

/** Keeps the `k` most likely candidates; `k` <= 0 keeps all. Never fewer than `minKeep`. */
export function topK(candidates: Candidates, k: number, minKeep: number): Candidates {
  return k <= 0 ? candidates : candidates.slice(0, Math.max(k, minKeep))
}

/** Keeps the smallest set whose probability reaches `p` (nucleus sampling, Holtzman et al. 2019, arXiv:1904.09751). */
export function topP(candidates: Candidates, p: number, minKeep: number): Candidates {
  if (p >= 1) return candidates
  let sum = 0
  for (const [index, probability] of softmax(candidates).entries()) {
    sum += probability
    if (sum >= p && index + 1 >= minKeep) return candidates.slice(0, index + 1)
  }
  return candidates
}

/** Keeps candidates at least `p` times as likely as the most likely one (min-p, arXiv:2407.01082). */
export function minP(candidates: Candidates, p: number, minKeep: number): Candidates {
  const highest = candidates[0]?.logit
  if (p <= 0 || highest === undefined) return candidates
  const threshold = highest + Math.log(p)
  return candidates.filter(({logit}, index) => index < minKeep || logit >= threshold)
}

/**
 * Locally typical sampling (Meister et al. 2022, arXiv:2202.00666): keeps the candidates whose surprise is nearest to
 * the entropy, until their probability exceeds `p`. Restores the order by logit.
 */
export function typicalP(candidates: Candidates, p: number, minKeep: number): Candidates {
  if (p >= 1 || candidates.length === 0) return candidates
  const probabilities = softmax(candidates)
  const entropy = entropyOf(probabilities)
  const byDistance = candidates
    .map((candidate, index) => ({candidate, probability: probabilities[index] ?? 0}))
    .map((entry) => ({...entry, distance: Math.abs(-Math.log(entry.probability) - entropy)}))
    .sort((a, b) => a.distance - b.distance)
  let sum = 0
  let kept = 0
  for (const {probability} of byDistance) {
    sum += probability
    kept++
    if (sum > p && (minKeep === 0 || kept >= minKeep)) break
  }
  return byDistance
    .slice(0, kept)
    .map(({candidate}) => candidate)
    .sort((a, b) => b.logit - a.logit)
}

/** Shannon entropy in nats. */
export function entropyOf(probabilities: readonly number[]): number {
  return -probabilities.reduce((sum, p) => (p > 0 ? sum + p * Math.log(p) : sum), 0)
}
