import type {DecodeCounts} from '../contract/status.js'

export type {DecodeCounts}

/** The counts of an engine that decoded nothing. */
export const noDecodes: Readonly<DecodeCounts> = {
  answer_steps: 0,
  answer_passes: 0,
  prompt_passes: 0,
  filler_rows: 0,
  drafted_tokens: 0,
  accepted_tokens: 0,
}
