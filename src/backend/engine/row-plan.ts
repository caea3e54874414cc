/** Slots with ids from `from` to `to`, all of which have a row in one pass over the weights. */
export interface Run {
  from: number
  to: number
}

/** Two passes instead of one are worth it at this share of the time; less is noise. */
const worthSplitting = 0.85
/** So few rows may be quicker one by one: a single row has kernels of its own. */
const fewRows = 4

/**
 * Which slots share a pass when each of them has one token. A pass takes consecutive slots only (`countPasses`), so a gap
 * between two busy slots ends it, unless the slots in the gap get a row too: one row more, one pass less. Which is cheaper, and
 * whether few rows are quicker one by one, is what measured costs say.
 *
 * @param slots ids of the slots that have a token, rising
 * @param canFill whether a slot in a gap can take a row
 * @param cost milliseconds of a pass of so many rows; `Infinity` where that is not known
 * @returns runs from the highest slots to the lowest: llama.cpp joins two that stand in rising order
 */
export function planRuns(
  slots: readonly number[],
  canFill: (slot: number) => boolean,
  cost: (rows: number) => number,
): Run[] {
  if (slots.length === 0) return []
  // The best way to take the slots up to each one, the last run of which begins at `from`.
  const best: {ms: number; from: number}[] = []
  const before = (index: number): number => (index === 0 ? 0 : (best[index - 1]?.ms ?? Infinity))
  const maySplit = (index: number): boolean =>
    index === 0 || slots.length <= fewRows || (slots[index] ?? 0) - (slots[index - 1] ?? 0) > 1
  for (const [end, last] of slots.entries()) {
    let choice = {ms: Infinity, from: end}
    for (let from = end; from >= 0; from--) {
      if (from < end && !isBridged(slots, from, canFill)) break
      if (!maySplit(from)) continue
      const rows = last - (slots[from] ?? last) + 1
      const known = cost(rows)
      // With nothing measured, fewer passes are better, and rows cost next to nothing.
      const ms = before(from) + (Number.isFinite(known) ? known : 1e6 + rows)
      // The longer run is taken unless the shorter one is clearly better: passes are what costs on other machines.
      if (choice.ms === Infinity || ms * worthSplitting <= choice.ms) choice = {ms, from}
    }
    best.push(choice)
  }
  const runs: Run[] = []
  for (let end = slots.length - 1; end >= 0;) {
    const from = best[end]?.from ?? end
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
