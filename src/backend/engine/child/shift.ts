/** What a full slot may drop. */
export interface Shiftable {
  /** Start positions of the turns, in order; dropped ones are removed. */
  turns: number[]
  /** First tokens that are never dropped: the system prompt. */
  protectedTokens: number
}

/**
 * Which tokens a full slot drops: `discard` or a few more after the first `keep` (at least the system prompt), from the
 * start of one turn to the start of another if possible. Updates `shiftable.turns`.
 *
 * @param length tokens in the slot, at least 2
 */
export function planShift(
  length: number,
  shiftable: Shiftable,
  wish: {keep: number; discard: number},
): {from: number; count: number} {
  // Keep at most half: with little left to move, the newest tokens would be dropped.
  const wished = Math.min(wish.keep, Math.floor(length / 2))
  const keep = Math.min(Math.max(wished, shiftable.protectedTokens), length - 2)
  const from = shiftable.turns.find((turn) => turn >= keep && turn < length - 1) ?? keep
  const discard = Math.min(wish.discard, Math.floor((length - from) / 2))
  const wanted = from + Math.max(1, discard)
  const to = shiftable.turns.find((turn) => turn >= wanted && turn < length) ?? wanted
  shiftable.turns = shiftable.turns
    .filter((turn) => turn < from || turn >= to)
    .map((turn) => (turn >= to ? turn - (to - from) : turn))
  return {from, count: to - from}
}
