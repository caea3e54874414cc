/** Guesses of one answer. */
export interface Draft {
  /** How many tokens are guessed. */
  length: number
  /** Share of its guesses that come true. */
  accuracy: number
}

/** A draft has to make the tokens come this much sooner: less is noise. */
const worthDrafting = 1.1
const longestDraft = 15

/**
 * How many guessed tokens each of the answers has in the next step, the same number for all, so that the step stays one pass
 * (`countPasses`); 0 when no number makes tokens come clearly sooner.
 *
 * @param cost milliseconds of a step with so many rows
 */
export function planDraft(drafts: readonly Draft[], cost: (rows: number) => number): number {
  const answers = drafts.length
  const most = Math.min(longestDraft, ...drafts.map(({length}) => length))
  let best = {length: 0, rate: (worthDrafting * answers) / cost(answers)}
  for (let length = 1; length <= most; length++) {
    const tokens = drafts.reduce((sum, {accuracy}) => sum + expectedTokens(accuracy, length), 0)
    const rate = tokens / cost(answers * (length + 1))
    if (rate > best.rate) best = {length, rate}
  }
  return best.length
}

/** The token that comes anyway, and each guess if all before it came true. */
function expectedTokens(accuracy: number, length: number): number {
  return accuracy >= 1 ? length + 1 : (1 - accuracy ** (length + 1)) / (1 - accuracy)
}
