import type {Config} from '../../../../config/index.js'
import type {TokenLogprob} from '../../../contract/types.js'
import type {Addon} from '../addon-types.js'
import type {EngineModel} from '../model.js'
import type {Bans} from './bans.js'
import type {Follower} from './follower.js'

/** Chooses the next token of one answer; has its own random numbers and penalties. */
export interface Sampler {
  /**
   * @param logitIndex where in the decoded batch this answer's logits are
   * @param answer the text so far, for bans that depend on it
   */
  next: (logitIndex: number, answer: string) => Promise<Sampled>
  dispose: () => void
}

export interface Sampled {
  token: number
  logprob?: TokenLogprob
}

/** The part of an answer that a sampler needs. */
export interface SamplingInput {
  addon: Addon
  model: EngineModel
  sampling: Config['sampling']
  seed: number
  /** Prompt and answer, oldest first. */
  recent: () => readonly number[]
  /** Tokens that the penalties look back at. */
  repeatWindow: number
  /** What is added to a token's logit. */
  bias: ReadonlyMap<number, number>
  bans: Bans
  /** What is added to the logit of a banned token: nearly always `-Infinity`. */
  ban: (token: number) => number
  grammar: Follower | undefined
}
