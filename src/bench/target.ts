import type {RequestSample, Subject} from './result.js'

/** A message of a chat. A system message can only be the first one. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** One request to measure. */
export interface Ask {
  prompt: string
  /**
   * Earlier messages: the prompt is then the next user message of a chat, in the model's template. Absent: a raw
   * prompt.
   */
  history?: readonly ChatMessage[]
  /** Session id for a server that keeps sessions; others ignore or reject it. */
  session?: string
  /** Tokens to generate, ignoring end-of-sequence tokens. */
  maxTokens: number
  signal: AbortSignal
  /** Called with each piece of text when it arrives. */
  onText?: (text: string) => void
}

/** The result of a request; times count from when it was sent. */
export type Completion = Omit<RequestSample, 'start_ms'>

/** A measurable target: a graph of a backend, or a server. Disposing ends what was started for it. */
export interface Target extends AsyncDisposable {
  readonly subject: Subject
  /**
   * Tokens of a raw prompt; `null` if the server does not report them. Measured prompts never start with its cached
   * text.
   */
  countTokens(text: string, signal: AbortSignal): Promise<number | null>
  /** Generates greedily. @throws when the request fails or the signal ends it */
  complete(ask: Ask): Promise<Completion>
  /**
   * Decode steps that generated a token for each running answer, and their passes over the weights, since the engine
   * started.
   */
  decodes?(): Promise<{steps: number; passes: number}>
  /** Unloads the model and loads it again. Returns the load time in milliseconds. */
  reload?(signal: AbortSignal): Promise<number>
  /** Switches the graph to the same file while the old model serves; times in milliseconds. */
  switchModel?(signal: AbortSignal): Promise<{totalMs: number; downtimeMs: number}>
}
