import {sortCandidates, type Candidates} from './candidates.js'

export interface DryOptions {
  multiplier: number
  base: number
  /** A repetition this long or longer is penalized. */
  allowedLength: number
  /** Number of recent tokens to check; negative: all. */
  lastTokens: number
  /** Texts that a repetition cannot reach across. */
  breakers: readonly string[]
}

/** The largest exponent of `base` whose power still is a 32-bit float, as llama.cpp limits it. */
const largestLog = 88.7228391

/**
 * DRY ("don't repeat yourself", as in llama.cpp): a token that would lengthen a repetition loses `multiplier * base ^
 * (length - allowedLength)`, where `length` is how many tokens the repetition has already.
 *
 * @param history prompt and answer, oldest first
 * @param textOf the text of a token
 */
export function applyDry(
  candidates: Candidates,
  history: readonly number[],
  options: DryOptions,
  textOf: (token: number) => string,
): Candidates {
  if (options.multiplier <= 0 || options.lastTokens === 0) return candidates
  const recent = options.lastTokens < 0 ? history : history.slice(-options.lastTokens)
  const lengths = repetitionLengths(recent, tokensSinceBreak(recent, options.breakers, textOf))
  if (lengths.size === 0) return candidates
  const largest = options.base > 1 ? Math.floor(largestLog / Math.log(options.base)) : Infinity
  return sortCandidates(
    candidates.map(({id, logit}) => {
      const length = lengths.get(id) ?? 0
      if (length < options.allowedLength || options.breakers.some((breaker) => textOf(id).includes(breaker))) {
        return {id, logit}
      }
      return {id, logit: logit - options.multiplier * options.base ** Math.min(length - options.allowedLength, largest)}
    }),
  )
}

/** For each token that followed an earlier copy of the history's end: the length of the longest such copy. */
function repetitionLengths(recent: readonly number[], longest: number): Map<number, number> {
  const lengths = new Map<number, number>()
  const end = recent.length
  for (let next = 1; next < end; next++) {
    let length = 0
    while (length < longest && length < next && recent[next - 1 - length] === recent[end - 1 - length]) length++
    const token = recent[next]
    if (length > 0 && token !== undefined && length > (lengths.get(token) ?? 0)) lengths.set(token, length)
  }
  return lengths
}

/** How many tokens at the end came after the last breaker, which may span several tokens. */
function tokensSinceBreak(
  recent: readonly number[],
  breakers: readonly string[],
  textOf: (token: number) => string,
): number {
  const longestBreaker = Math.max(0, ...breakers.map((breaker) => breaker.length))
  let text = ''
  for (let count = 0; count < recent.length; count++) {
    const piece = textOf(recent[recent.length - 1 - count] ?? -1)
    text = piece + text.slice(0, longestBreaker)
    if (breakers.some((breaker) => breaker.length > 0 && text.includes(breaker))) return count
  }
  return recent.length
}
