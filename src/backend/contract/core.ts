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

/** Configuration of this graph; overrides the backend's. An object with the keys of config.md, or JSON or YAML text. */
export type GraphConfig = string | object

export interface LoadModelOptions extends LoadOptions {
  config?: GraphConfig
}

export interface OpenOptions extends ContextOptions {
  /** Id of the session to continue; created if it does not exist. Absent: a new session with a generated id. */
  session?: string
}

/** A message of a conversation. */
export interface ChatTurn {
  role: 'user' | 'assistant'
  content: string
}

/** An open conversation: a session bound to a graph. It stays open until `close`, `unload` or the session's removal. */
export interface OpenConversation {
  /** Handle for other calls. */
  conversation: ContextId
  session: string
  /** The session's history, oldest message first. */
  messages: ChatTurn[]
  model: GraphStatus
}

/**
 * Target of a question: an open conversation, or a graph. For a graph, the call opens a conversation and closes it
 * again; without a session id nothing is kept.
 */
export type AnswerTarget = {conversation: ContextId} | {graph: GraphId; session?: string}

/** Values of `AnswerRequest.defaults`. */
export const requestDefaults = ['configured', 'api'] as const
export type RequestDefaults = (typeof requestDefaults)[number]

export interface AnswerRequest {
  input: string
  /** Overrides the graph's configuration, for this request only. */
  options?: RuntimeOptions
  /**
   * What holds for options that neither the request nor the configuration gives: the defaults of the configuration, or
   * those of OpenAI's API (docs/reference/http.md). Defaults to `configured`.
   */
  defaults?: RequestDefaults
}

export interface AnswerOptions {
  /** Ends the answer early. It then has the text so far and the stop reason `aborted`. */
  signal?: AbortSignal
  /** Called with each final piece of text: whole characters only, never part of a stop string. */
  onText?: (text: string) => void
}

export interface Answer {
  text: string
  metadata: OutputMetadata
}

/** One step of token-by-token generation: the next token, or the whole answer once it is complete. */
export type Step = ({done: false} & Answer) | ({done: true} & Answer)

/** Prompt tokens, template and history included. */
export interface PromptCount {
  tokens: number
  llama_build: string
  llama_commit: string
}

/** The tokens of a text. */
export interface TokenizedText {
  tokens: number[]
  /** The text of each token, or its bytes where they are not whole characters. */
  pieces: (string | number[])[]
}

/** A prompt as the model gets it, through its chat template. */
export interface RenderedPrompt extends TokenizedText {
  text: string
  /** First messages of the conversation that are left out, now or earlier, because they do not fit into the context. */
  dropped_messages: number
}

export interface TokenizeOptions {
  /** Adds the tokens that the model puts around every text, such as BOS. Defaults to `false`. */
  addSpecial?: boolean
  /** Reads the texts of special tokens as these tokens. Defaults to `true`. */
  parseSpecial?: boolean
}

/**
 * The typed interface of the backend. Chat, HTTP, batches, benchmarks and the daemon's protocol call it. The WASI-NN
 * calls with handles, tensors and buffers are an adapter over it (`adapter.ts`). `LocalCore` runs in this process,
 * `RemoteCore` in a daemon. All failures are `NnError`s. A call with an unknown or closed conversation or graph fails
 * with `invalid_argument`, and so does every call after `deinit`.
 */
export interface Core {
  /** `invalid_encoding`, `invalid_argument` (not a GGUF), `model_not_found`, `unsupported_operation` (tpu), `too_large`, `runtime_error`. */
  load(source: ModelSource, options?: LoadModelOptions): Promise<GraphId>

  /**
   * Replaces the model of a graph; its conversations continue. Fails like `load`, and with `runtime_error` while
   * another switch of the graph runs. After a failure the old model stays.
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

  /** `runtime_error` at the limit of `max_concurrent`, or if no session can be added. */
  open(graph: GraphId, options?: OpenOptions): Promise<OpenConversation>

  /** Closes a conversation and ends its running computation. The session keeps its history. */
  close(conversation: ContextId): Promise<void>

  /** Checks that the conversation is open; fails if it is not. */
  check(conversation: ContextId): Promise<void>

  /** The history of a conversation's session, oldest message first. */
  history(conversation: ContextId): Promise<ChatTurn[]>

  /**
   * Answers a question. `prompt_too_long`, `context_full`, `timeout`, `runtime_error` (queue full, engine); the error's
   * `partial` has what was generated before the failure.
   */
  answer(target: AnswerTarget, request: AnswerRequest, options?: AnswerOptions): Promise<Answer>

  /**
   * Generates one token. The first call starts the request, later calls continue it; the call after the last token
   * returns the whole answer. Steps of one conversation run one after the other. Neither `max_tokens` nor a time limit
   * applies.
   */
  step(conversation: ContextId, request: AnswerRequest, options?: AnswerOptions): Promise<Step>

  /**
   * Ends token-by-token generation, adds the text so far to the history and returns it; `undefined` if none is running.
   * Waiting steps finish first; the call waits for them only with `wait`.
   */
  endSteps(conversation: ContextId, options?: {wait?: boolean}): Promise<Answer | undefined>

  /** Counts the prompt tokens of a question. */
  count(target: AnswerTarget, request: AnswerRequest): Promise<PromptCount>

  /** The prompt that a question would be answered for. Fails like `answer` where the prompt does. */
  render(target: AnswerTarget, request: AnswerRequest): Promise<RenderedPrompt>

  /** The tokens of a text, without the chat template. */
  tokenize(graph: GraphId, text: string, options?: TokenizeOptions): Promise<TokenizedText>

  /** The text of tokens, special tokens included. `invalid_argument` for a number that is no token of the model. */
  detokenize(graph: GraphId, tokens: readonly number[]): Promise<string>

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

  /** Like `deinit`, but does nothing the second time. */
  [Symbol.asyncDispose](): Promise<void>
}
