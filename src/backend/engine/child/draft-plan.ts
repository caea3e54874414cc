/** Guesses of one answer. */
export interface Draft {
  /** How many tokens are guessed. */
  length: number
  /** Share of its guesses that are accepted. */
  accuracy: number
}

/** A draft must speed up the tokens by this factor; less is noise. */
const worthDrafting = 1.1
const longestDraft = 15

/**
 * How many tokens to guess for each answer in the next step. The number is the same for all, so that the step stays one
 * pass (`countPasses`); 0 if guessing is not clearly faster.
 *
 * @param cost milliseconds of a step with this number of rows
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

/** The normal token, and each guess if all guesses before it are accepted. */
function expectedTokens(accuracy: number, length: number): number {
  return accuracy >= 1 ? length + 1 : (1 - accuracy ** (length + 1)) / (1 - accuracy)
}
