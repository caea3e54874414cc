/** Slots with ids from `from` to `to`, all of which have a row in one pass over the weights. */
export interface Run {
  from: number
  to: number
}

/** Two passes replace one only below this share of its time; a smaller gain is noise. */
const worthSplitting = 0.85
/** Up to this many rows may be faster one by one, because a single row has its own kernels. */
const fewRows = 4

/**
 * Which slots share a pass when each of them has one token. A pass takes consecutive slots only (`countPasses`), so a
 * gap between two busy slots ends it, unless the slots in the gap get a row too: one row more, one pass less. Which is
 * cheaper, and whether few rows are quicker one by one, is what measured costs say.
 *
 * @param slots ids of the slots that have a token, rising
 * @param canFill whether a slot in a gap can take a row
 * @param cost milliseconds of a pass with this number of rows; `Infinity` if unknown
 * @returns runs from the highest slots to the lowest: llama.cpp would join two in rising order
 */
export function planRuns(
  slots: readonly number[],
  canFill: (slot: number) => boolean,
  cost: (rows: number) => number,
): Run[] {
  const maySplit = (index: number): boolean =>
    index === 0 || slots.length <= fewRows || (slots[index] ?? 0) - (slots[index - 1] ?? 0) > 1
  const [first = 0] = slots
  const last = slots.at(-1) ?? 0
  if (slots.length > fewRows && last - first + 1 === slots.length) return [{from: first, to: last}]
  // The fastest way to cover the slots up to each one.
  const best: {ms: number; passes: number}[] = []
  /** The ways to take the slots up to `end`, by where the last run begins; before it, the quickest way. */
  const waysTo = (end: number): {from: number; ms: number; passes: number}[] => {
    const ways: {from: number; ms: number; passes: number}[] = []
    for (let from = end; from >= 0; from--) {
      if (from < end && !isBridged(slots, from, canFill)) break
      if (!maySplit(from)) continue
      const before = best[from - 1] ?? {ms: 0, passes: 0}
      const rows = (slots[end] ?? 0) - (slots[from] ?? 0) + 1
      const known = cost(rows)
      // Without measurements, assume that fewer passes are better and rows cost almost nothing.
      const ms = Number.isFinite(known) ? known : 1e6 + rows
      ways.push({from, ms: before.ms + ms, passes: before.passes + 1})
    }
    return ways
  }
  for (const end of slots.keys()) {
    const quickest = waysTo(end).reduce((one, other) => (other.ms <= one.ms ? other : one))
    best.push(quickest)
  }
  // The fewest passes that take hardly longer in all: passes are what costs on other machines.
  const total = best.at(-1)?.ms ?? 0
  let spare = total / worthSplitting - total
  const runs: Run[] = []
  for (let end = slots.length - 1; end >= 0;) {
    const least = best[end]?.ms ?? 0
    const {from, ms} = waysTo(end)
      .filter((way) => way.ms - least <= spare)
      .reduce((one, other) =>
        other.passes < one.passes || (other.passes === one.passes && other.ms < one.ms) ? other : one,
      )
    spare -= ms - least
    runs.push({from: slots[from] ?? 0, to: slots[end] ?? 0})
    end = from - 1
  }
  return runs
}

/**
 * The run with rows of waiting prompts in the slots beside it, as far as they are free: kernels take rows in groups, so that 8
 * may take no longer than 7 (docs/benchmarks.md).
 */
export function withFreeRows(run: Run, canRide: (slot: number) => boolean, cost: (rows: number) => number): Run {
  let {from, to} = run
  const isFree = (): boolean => cost(to - from + 2) <= cost(to - from + 1)
  while (canRide(to + 1) && isFree()) to++
  while (canRide(from - 1) && isFree()) from--
  return {from, to}
}

/** Whether each slot between this one and the next one can take a row. */
function isBridged(slots: readonly number[], index: number, canFill: (slot: number) => boolean): boolean {
  const [from = 0, to = 0] = [slots[index], slots[index + 1]]
  for (let slot = from + 1; slot < to; slot++) if (!canFill(slot)) return false
  return true
}
