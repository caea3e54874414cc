import {distance} from 'fastest-levenshtein'

/** Longer names are data. Their distance takes a time of the product of both lengths. */
const longestName = 128
const mostCandidates = 1000

/** The candidate that was probably meant by a misspelt name, if one is close. */
export function suggest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > longestName) return undefined
  const wanted = name.toLowerCase()
  let best: {candidate: string; edits: number} | undefined
  for (const candidate of candidates.slice(0, mostCandidates)) {
    if (candidate.length > longestName) continue
    const edits = distance(wanted, candidate.toLowerCase())
    if (best === undefined || edits < best.edits) best = {candidate, edits}
  }
  // A third of the letters: `tmep` finds `temp`, `foo` finds nothing.
  const tolerance = Math.max(1, Math.ceil(name.length / 3))
  return best !== undefined && best.edits <= tolerance && best.edits < name.length ? best.candidate : undefined
}
