import type {GraphStatus} from '../backend/contract/status.js'
import type {Conversation} from './conversation.js'

/** An interactive chat, as its slash commands see it. */
export interface Chat {
  readonly conversation: Conversation
  readonly model: GraphStatus
  /** Shows lines to the person. */
  say: (text: string) => void
  /** Answers the last prompt again; `false` when there is none. */
  answerAgain: () => Promise<boolean>
  /** Ends the chat after this. */
  leave: () => void
}
