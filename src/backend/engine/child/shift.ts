/** What may go when a slot is full. */
export interface Shiftable {
  /** Where turns begin, in order; those that are gone are taken out. */
  turns: number[]
  /** Tokens at the beginning that never go: the system prompt. */
  protectedTokens: number
}

/**
 * Which tokens a full slot drops: `discard` or a little more behind the first `keep` (at least the system prompt), from
 * the beginning of a turn to the beginning of another where there are such. Brings `shiftable.turns` up to date.
 *
 * @param length tokens in the slot, at least 2
 */
export function planShift(
  length: number,
  shiftable: Shiftable,
  wish: {keep: number; discard: number},
): {from: number; count: number} {
  // No more than half is kept by wish: with little left to move, the newest tokens would be the ones to go.
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
