import type {Answer} from '../../contract/core.js'
import type {ContextId, OutputMetadata} from '../../contract/types.js'
import type {Graph} from '../../models/graph.js'
import type {Session} from '../../sessions/session-store.js'

/** A handle that binds one session to one graph: a conversation, as long as it is open. */
export interface ExecutionContext {
  readonly id: ContextId
  readonly graph: Graph
  readonly session: Session
  /** Whether it is one of `max_concurrent`. */
  readonly counted: boolean
  /** Token-by-token generation, while one is under way. */
  single: Single | undefined
  /** The steps asked for, one after the other; resolves with the answer that they ended with. */
  steps: Promise<unknown>
  /** How many of them have not had their token. */
  pendingSteps: number
  /** Aborts what the context computes when it is closed. */
  readonly closing: AbortController
  /** How many computes it has, waiting ones included. */
  computing: number
}

/** What was generated before a failure. Not all is known of an answer whose engine died. */
export interface PartialAnswer {
  text: string
  metadata: Partial<OutputMetadata>
}

export interface Single {
  /** One more token; `undefined` when the answer is complete. */
  advance: () => Promise<PartialAnswer | undefined>
  /** Gives the slot back, once what was said is in the history. Rejects with what ended the answer if that was a failure. */
  finish: () => Promise<Answer>
  /** Settles with the answer; rejects with what ended it if that was a failure. */
  ended: Promise<Answer>
}
