import type {TokenLogprob} from '../../backend.js'

/** Chooses the next token of one answer; keeps the answer's own generator and penalties. */
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
