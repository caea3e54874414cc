import type {GraphStatus} from '../backend/contract/status.js'
import type {Conversation} from './conversation.js'

/** What `/help` and `/stats` show in two columns. */
export type Fact = readonly [title: string, text: string]

/** The interface of an interactive chat for its slash commands. */
export interface Chat {
  readonly conversation: Conversation
  readonly model: GraphStatus
  /** Shows lines to the user. */
  say: (text: string) => void
  /** Shows titles with their texts beside them. */
  show: (facts: readonly Fact[]) => void
  /** Tokens of this conversation that are in the context now; `undefined` if its slot was given to another one. */
  contextTokens: () => Promise<number | undefined>
  /** Answers the last prompt again; `false` when there is none. */
  answerAgain: () => Promise<boolean>
  /** Ends the chat after this. */
  leave: () => void
}
