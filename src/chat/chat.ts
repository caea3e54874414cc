import type {GraphStatus} from '../backend/contract/status.js'
import type {Conversation} from './conversation.js'

/** The interface of an interactive chat for its slash commands. */
export interface Chat {
  readonly conversation: Conversation
  readonly model: GraphStatus
  /** Shows lines to the user. */
  say: (text: string) => void
  /** Answers the last prompt again; `false` when there is none. */
  answerAgain: () => Promise<boolean>
  /** Ends the chat after this. */
  leave: () => void
}
