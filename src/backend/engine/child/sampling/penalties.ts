import {sortCandidates, type Candidates} from './candidates.js'

/** The last `count` tokens; `slice(-0)` would be all of them. */
export function lastTokens(history: readonly number[], count: number): readonly number[] {
  return count === 0 ? [] : history.slice(-count)
}

export interface Penalties {
  repeat: number
  presence: number
  frequency: number
}

/**
 * Lowers candidates that occur in `recent`. Repeat penalty as CTRL (arXiv:1909.05858) in llama.cpp's form: a positive
 * logit is divided, a negative one multiplied; presence and frequency as in OpenAI's API.
 */
export function applyPenalties(candidates: Candidates, recent: readonly number[], penalties: Penalties): Candidates {
  const {repeat, presence, frequency} = penalties
  if (recent.length === 0 || (repeat === 1 && presence === 0 && frequency === 0)) return candidates
  const counts = new Map<number, number>()
  for (const token of recent) counts.set(token, (counts.get(token) ?? 0) + 1)
  return sortCandidates(
    candidates.map(({id, logit}) => {
      const count = counts.get(id)
      if (count === undefined) return {id, logit}
      const repeated = logit <= 0 ? logit * repeat : logit / repeat
      return {id, logit: repeated - count * frequency - presence}
    }),
  )
}
