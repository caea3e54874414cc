const shortestGram = 3
const longestGram = 64

/**
 * Whether the tokens end with one n-gram said `count` times in a row, for any n from 3 to 64.
 * A shorter period is found too: `a a a a a a` is the 3-gram `a a a` said twice.
 */
export function repeats(tokens: readonly number[], count: number): boolean {
  const longest = Math.min(longestGram, Math.floor(tokens.length / count))
  for (let n = shortestGram; n <= longest; n++) {
    if (endsWithRepeatedGram(tokens, n, count)) return true
  }
  return false
}

function endsWithRepeatedGram(tokens: readonly number[], n: number, count: number): boolean {
  const end = tokens.length
  for (let offset = n; offset < n * count; offset++) {
    if (tokens[end - 1 - offset] !== tokens[end - 1 - (offset % n)]) return false
  }
  return true
}
