import type {RequestSample, Subject} from './result.js'

/** A message of a chat. A system message can only be the first one. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** One request to measure. */
export interface Ask {
  prompt: string
  /** The messages before: the prompt is the next user message of a chat then, in the model's template. Absent: a raw prompt. */
  history?: readonly ChatMessage[]
  /** Session id for a server that keeps sessions; others ignore or refuse it. */
  session?: string
  /** Tokens to generate, past ends of sequences. */
  maxTokens: number
  signal: AbortSignal
  /** Called with each piece of text when it arrives. */
  onText?: (text: string) => void
}

/** What came of it; times count from the moment it was sent. */
export type Completion = Omit<RequestSample, 'start_ms'>

/** What can be measured: a backend's graph or a server. Disposing ends what was started for it. */
export interface Target extends AsyncDisposable {
  readonly subject: Subject
  /** Tokens of a raw prompt; `null` where the server does not tell. Nothing that it caches is a beginning of measured prompts. */
  countTokens(text: string, signal: AbortSignal): Promise<number | null>
  /** Generates greedily. @throws when the request fails or the signal ends it */
  complete(ask: Ask): Promise<Completion>
  /** Steps that made a token of each running answer, and passes over the weights that they took, since the engine started. */
  decodes?(): Promise<{steps: number; passes: number}>
  /** Unloads the model and loads it again; gives how long the loading took, in milliseconds. */
  reload?(signal: AbortSignal): Promise<number>
  /** Puts the same file behind the graph while the old model serves; times in milliseconds. */
  switchModel?(signal: AbortSignal): Promise<{totalMs: number; downtimeMs: number}>
}
