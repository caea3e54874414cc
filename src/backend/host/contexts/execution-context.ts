import type {ContextId, OutputMetadata} from '../../contract/backend.js'
import type {RuntimeOptions} from '../../../config/index.js'
import type {Graph} from '../../models/graph.js'
import type {Session} from '../../sessions/session-store.js'

/** A handle that binds one session to one graph. */
export interface ExecutionContext {
  readonly id: ContextId
  readonly graph: Graph
  readonly session: Session
  /** Whether it is one of `max_concurrent`. */
  readonly counted: boolean
  input: string | undefined
  options: RuntimeOptions
  output: Output | undefined
  /** Token-by-token generation, while one is under way. */
  single: Single | undefined
  /** Text of the token that was generated last, and the metadata so far. */
  step: Output | undefined
  /** The steps asked for, one after the other. */
  steps: Promise<unknown>
  /** How many of them have not had their token. */
  pendingSteps: number
  /** Aborts what the context computes when it is closed. */
  readonly closing: AbortController
  /** How many computes it has, waiting ones included. */
  computing: number
}

export interface Output {
  text: string
  /** Not all of it is known of an answer whose engine died. */
  metadata: Partial<OutputMetadata>
}

export interface Single {
  /** One more token; `undefined` when the answer is complete. */
  advance: () => Promise<Output | undefined>
  /** Gives the slot back, once what was said is in the history. */
  finish: () => Promise<void>
  /** Settles with the answer: rejects with what ended it if that was a failure. */
  ended: Promise<void>
}
