import type {Answer} from '../../contract/core.js'
import type {ContextId, OutputMetadata} from '../../contract/types.js'
import type {Graph} from '../../models/graph.js'
import type {Session} from '../../sessions/session-store.js'

/** A handle that binds one session to one graph; a conversation while it is open. */
export interface ExecutionContext {
  readonly id: ContextId
  readonly graph: Graph
  readonly session: Session
  /** Whether it is one of `max_concurrent`. */
  readonly counted: boolean
  /** The running token-by-token generation, if any. */
  single: Single | undefined
  /** The requested steps, one after the other; resolves with the final answer. */
  steps: Promise<unknown>
  /** Number of steps that still wait for their token. */
  pendingSteps: number
  /** Aborts what the context computes when it is closed. */
  readonly closing: AbortController
  /** How many computes it has, waiting ones included. */
  computing: number
}

/** What was generated before a failure; may be incomplete if the engine died. */
export interface PartialAnswer {
  text: string
  metadata: Partial<OutputMetadata>
}

export interface Single {
  /** The next token; `undefined` when the answer is complete. */
  advance: () => Promise<PartialAnswer | undefined>
  /** Releases the slot after the answer is in the history. Rejects if a failure ended the answer. */
  finish: () => Promise<Answer>
  /** Resolves with the answer; rejects if a failure ended it. */
  ended: Promise<Answer>
}
