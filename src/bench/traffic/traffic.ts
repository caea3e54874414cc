import type {Sizes} from './source.js'

/** Each client sends its next request when its last one ends. */
export interface ClosedLoop extends Sizes {
  kind: 'closed'
  clients: number
  /** Requests that complete within the measurement. */
  requests: number
}

/** Rounds: all clients send at the same moment, and the next round starts when the last answer has ended. */
export interface Together extends Omit<ClosedLoop, 'kind'> {
  kind: 'together'
}

/** Requests arrive at random times, whatever is running. */
export interface PoissonArrivals extends Sizes {
  kind: 'poisson'
  ratePerSecond: number
  requests: number
}

/** Chats: each turn sends the whole history, with the answers that were received. */
export interface Conversations extends Sizes {
  kind: 'conversations'
  clients: number
  conversations: number
  turns: number
  /** Tokens of the system prompt that all conversations share; 0 for none. */
  systemTokens: number
  /** Send a session id with each turn: a field of this project's server. */
  sessions: boolean
}

/** One long prompt beside answers that are being generated. */
export interface LongPrompt extends Sizes {
  kind: 'long-prompt'
  /** Answers that are running. */
  clients: number
  longPromptTokens: number
  /** Tokens that each answer has before the long prompt may come. */
  steadyTokens: number
}

/** A way in which requests arrive. */
export type Traffic = ClosedLoop | Together | PoissonArrivals | Conversations | LongPrompt

/** The part of a run that is measured. */
export interface Window {
  fromMs: number
  toMs: number
}
