import type {RuntimeOptions} from '../../config/index.js'
import type {BackendStatus, GraphStatus, StatusType} from './status.js'
import type {SwitchOptions, SwitchReport} from './switch.js'
import type {
  ContextId,
  ContextOptions,
  Embeddings,
  EmbedOptions,
  ExecutionTarget,
  GraphEncoding,
  GraphId,
  LoadOptions,
  OutputMetadata,
} from './types.js'

/** Where a model comes from: a registered name or a path, or the bytes of a GGUF file. */
export type ModelSource =
  | {name: string}
  | {
      bytes: Uint8Array
      /** Defaults to `autodetect`. */
      encoding?: GraphEncoding
      /** Defaults to `cpu`. */
      target?: ExecutionTarget
    }

/** A configuration for one graph, over the backend's: an object of config.md's keys, or the same as JSON or YAML text. */
export type GraphConfig = string | object

export interface LoadModelOptions extends LoadOptions {
  config?: GraphConfig
}

export interface OpenOptions extends ContextOptions {
  /** Id of the session to continue; it is made when there is none. Absent: a new session with a name of its own. */
  session?: string
}

/** A message of a conversation. */
export interface ChatTurn {
  role: 'user' | 'assistant'
  content: string
}

/** An open conversation: a session bound to a graph. It stays open until `close`, `unload` or the session's removal. */
export interface OpenConversation {
  /** The handle by which other calls name it. */
  conversation: ContextId
  session: string
  /** What was said in the session before, the oldest first. */
  messages: ChatTurn[]
  model: GraphStatus
}

/**
 * Where a question is asked: in an open conversation, or in a graph. In a graph the call opens a conversation and closes
 * it again; without a session id what is said is forgotten.
 */
export type AnswerTarget = {conversation: ContextId} | {graph: GraphId; session?: string}

export interface AnswerRequest {
  input: string
  /** Over the graph's configuration, for this request alone. */
  options?: RuntimeOptions
}

export interface AnswerOptions {
  /** Ends the answer early: it has the text so far and the stop reason `aborted`. */
  signal?: AbortSignal
  /** Called with each piece of text as it is final: whole characters only, never part of a stop string. */
  onText?: (text: string) => void
}

export interface Answer {
  text: string
  metadata: OutputMetadata
}

/** One step of token-by-token generation: the next token, or the whole answer once it is complete. */
export type Step = ({done: false} & Answer) | ({done: true} & Answer)

/** A prompt as it would be evaluated, template and history included. */
export interface PromptCount {
  tokens: number
  llama_build: string
  llama_commit: string
}

/**
 * What the backend does, in values. Chat, HTTP, batches, benchmarks and the daemon's wire call this; the WASI-NN calls with
 * their handles, tensors and buffers are an adapter over it (`adapter.ts`). `LocalCore` runs in this process, `RemoteCore`
 * in a daemon. All failures are `NnError`s. A call with an unknown or closed conversation or graph fails with
 * `invalid_argument`, and so does every call after `deinit`.
 */
export interface Core {
  /** `invalid_encoding`, `invalid_argument` (not a GGUF), `model_not_found`, `unsupported_operation` (tpu), `too_large`, `runtime_error`. */
  load(source: ModelSource, options?: LoadModelOptions): Promise<GraphId>

  /**
   * Puts another model behind a graph, whose conversations continue with it. Fails as `load` does, and with
   * `runtime_error` while another switch of the graph is under way; the old model answers then as before.
   */
  switchModel(
    graph: GraphId,
    target: {name: string; config?: GraphConfig},
    options?: SwitchOptions,
  ): Promise<SwitchReport>

  /** Releases the model; its conversations are closed. */
  unload(graph: GraphId): Promise<void>

  /** The loaded models, in the order of their handles. */
  graphs(): Promise<GraphStatus[]>

  /** `runtime_error` past `max_concurrent`, or when there is no place for another session. */
  open(graph: GraphId, options?: OpenOptions): Promise<OpenConversation>

  /** Closes a conversation; the session keeps its history, and what it computes ends. */
  close(conversation: ContextId): Promise<void>

  /** Does nothing but fail when the conversation is not open. */
  check(conversation: ContextId): Promise<void>

  /** What was said in a conversation's session, the oldest first. */
  history(conversation: ContextId): Promise<ChatTurn[]>

  /**
   * Answers a question. `prompt_too_long`, `context_full`, `timeout`, `runtime_error` (queue full, engine);
   * what was generated before a failure is in the error's `partial`.
   */
  answer(target: AnswerTarget, request: AnswerRequest, options?: AnswerOptions): Promise<Answer>

  /**
   * Generates one token. The first call begins with the request, the next ones continue; the call after the last token
   * gets the whole answer. Steps of one conversation are taken one after the other. Neither `max_tokens` nor a time limit
   * applies.
   */
  step(conversation: ContextId, request: AnswerRequest, options?: AnswerOptions): Promise<Step>

  /**
   * Ends token-by-token generation; what was said so far goes into the history, and is the result. `undefined` when
   * nothing was under way. With steps still waiting it ends behind them, and only waits for that with `wait`.
   */
  endSteps(conversation: ContextId, options?: {wait?: boolean}): Promise<Answer | undefined>

  /** Counts the tokens of the prompt that a question would make. */
  count(target: AnswerTarget, request: AnswerRequest): Promise<PromptCount>

  /**
   * Reads request options from JSON or YAML text. Mistakes are logged and ignored, or with `strict_config` an
   * `invalid_argument`.
   */
  readOptions(conversation: ContextId, text: string): Promise<RuntimeOptions>

  /** `invalid_argument` (a text without tokens), `prompt_too_long`, `timeout`, `runtime_error`. */
  embed(graph: GraphId, texts: readonly string[], options?: EmbedOptions): Promise<Embeddings>

  status<T extends StatusType>(type: T): Promise<BackendStatus[T]>

  /** Releases conversations, graphs, processes and files. */
  deinit(): Promise<void>

  /** As `deinit`, and nothing the second time. */
  [Symbol.asyncDispose](): Promise<void>
}
