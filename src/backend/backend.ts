import type {SwitchOptions, SwitchReport} from './models/switch.js'
import type {BackendStatus, StatusType} from './status.js'

/** Encoding of a graph's bytes; only `ggml` and `autodetect` load here. */
export const graphEncodings = [
  'openvino',
  'onnx',
  'tensorflow',
  'pytorch',
  'tensorflowlite',
  'ggml',
  'autodetect',
  'unknown_backend',
] as const
export type GraphEncoding = (typeof graphEncodings)[number]

/** Where a graph runs. `gpu` without a GPU warns and runs on the CPU; `tpu` is refused. */
export const executionTargets = ['cpu', 'gpu', 'tpu'] as const
export type ExecutionTarget = (typeof executionTargets)[number]

export const tensorTypes = ['fp16', 'fp32', 'fp64', 'bf16', 'u8', 'i32', 'i64'] as const
export type TensorType = (typeof tensorTypes)[number]

/** From first to last to give way. */
export const taskPriorities = ['low', 'normal', 'high', 'urgent'] as const
export type TaskPriority = (typeof taskPriorities)[number]

/** Handle of a loaded model. Starts at 0, rises by one, is never reused. */
export type GraphId = number
/** Handle of an open execution context. Starts at 0, rises by one, is never reused. */
export type ContextId = number

/** Input 0 is the prompt, input 1 the runtime options as JSON; output 0 is the text, output 1 the metadata as JSON. */
export interface Tensor {
  /** Number of elements per dimension; `[1]` is accepted for u8 data of any length. */
  dimensions: readonly number[]
  type: TensorType
  data: Uint8Array
}

/** Why an answer ended. */
export type StopReason =
  'end_of_sequence' | 'max_tokens' | 'stop' | 'pattern' | 'repetition' | 'max_time' | 'context_full' | 'aborted'

/** Output 1 of a context. Counts are tokens, times milliseconds. */
export interface OutputMetadata {
  /** Tokens of the whole prompt, template and history included. Known as soon as the input is set. */
  input_tokens: number
  output_tokens: number
  /** `null` before a compute. */
  stop_reason: StopReason | null
  /** The stop string or pattern that matched, when that is why the answer ended. */
  stopped_by?: string
  prompt_ms: number
  predict_ms: number
  /** From the start of the task, its wait in the queue included, to the first token. */
  ttft_ms: number
  /** Prompt tokens that were found in the KV cache and not evaluated again. */
  cached_tokens: number
  /** Tokens guessed from the conversation's own text that were decoded, and those of them that came true; absent without any. */
  drafted_tokens?: number
  accepted_tokens?: number
  /** The seed in use, so that a random one can be repeated. */
  seed: number
  /** llama.cpp release, as `v0.5.0`. */
  llama_build: string
  llama_commit: string
  /** One entry per generated token, when `n_probs` > 0. */
  logprobs?: TokenLogprob[]
}

/** Natural logarithms of the model's own probabilities, before any sampler changed them. */
export interface TokenLogprob {
  token: number
  text: string
  logprob: number
  top: {token: number; text: string; logprob: number}[]
}

export interface ComputeOptions {
  /** Ends the generation; the text so far stays readable and the stop reason is `aborted`. */
  signal?: AbortSignal
  /** Called with each piece of text as it is final: whole characters only, never part of a stop string. */
  onText?: (text: string) => void
}

export interface ContextOptions {
  /**
   * A session that ends with the context: it counts to no limit, is never saved, and nobody can open it again. What it
   * leaves in its decode slot still serves prompts that begin alike. Defaults to `false`; no effect with a session id.
   */
  temporary?: boolean
  /**
   * Whether it counts towards `max_concurrent`. A server that opens one for each request and closes it behind that
   * leaves the limit to the queue. Defaults to `true`.
   */
  counted?: boolean
}

/** Vectors of unit length, one for each text, and the tokens of all texts. */
export interface Embeddings {
  vectors: Float32Array[]
  tokens: number
}

export interface EmbedOptions {
  /** Ends the work between two texts; the call then fails with `runtime_error`. */
  signal?: AbortSignal
  /** Defaults to `normal`. */
  priority?: TaskPriority
  /** Waiting and computing together, in milliseconds; `0` is no limit. Defaults to `default_task_timeout_ms`. */
  timeoutMs?: number
}

/** What a backend can do beside the lifecycle: WASI-NN knows no embeddings. */
export interface Embedder {
  /**
   * The meaning of texts as vectors, pooled as the model's file says, else the last token's. A task like a compute.
   * `invalid_argument` (unknown graph, a text without tokens), `prompt_too_long`, `timeout`, `runtime_error`.
   */
  embed(graph: GraphId, texts: readonly string[], options?: EmbedOptions): Promise<Embeddings>
}

export interface LoadOptions {
  /** What the graph goes by in reports and for HTTP clients. Defaults to the name or path it is loaded by. */
  name?: string
  signal?: AbortSignal
  /** Fraction loaded, from 0 to 1. */
  onProgress?: (fraction: number) => void
}

/**
 * The WASI-NN lifecycle. Everything above (commands, suites, benchmarks) calls this and nothing below it;
 * every implementation passes the same conformance suite. All failures are `NnError`s; which call fails with
 * which code is said per method, after the WASI-NN specification and the llama.cpp backend re-created here.
 */
export interface Backend extends AsyncDisposable {
  /** Loads model bytes. `invalid_encoding`, `invalid_argument` (empty, not GGUF), `unsupported_operation` (tpu), `too_large`. */
  load(
    builders: readonly Uint8Array[],
    encoding: GraphEncoding,
    target: ExecutionTarget,
    options?: LoadOptions,
  ): Promise<GraphId>

  /** Loads a registered name or a path. `model_not_found`, `invalid_argument` (not a GGUF), `too_large`, `runtime_error`. */
  loadByName(name: string, options?: LoadOptions): Promise<GraphId>

  /** As `loadByName`; `config` is JSON text of config.md's keys that apply to this graph alone. */
  loadByNameWithConfig(name: string, config: string, options?: LoadOptions): Promise<GraphId>

  /** Opens a context with a new session. `invalid_argument` (unknown graph), `runtime_error` past `max_concurrent`. */
  initExecutionContext(graph: GraphId, options?: ContextOptions): Promise<ContextId>

  /** Opens a context on the session of that id, with its history; the session is made when there is none. */
  initExecutionContextWithSessionId(
    graph: GraphId,
    sessionId: string,
    options?: Pick<ContextOptions, 'counted'>,
  ): Promise<ContextId>

  /** `invalid_argument`: unknown context, index not 0 or 1, tensor not u8, not UTF-8, dimensions against length. */
  setInput(context: ContextId, index: number, tensor: Tensor): Promise<void>

  /** `invalid_argument` (no input), `prompt_too_long`, `context_full`, `timeout`, `runtime_error` (queue full, engine). */
  compute(context: ContextId, options?: ComputeOptions): Promise<void>

  /** Bytes written into `buffer`. `invalid_argument`; `too_large` with `neededBytes`, and nothing is written. */
  getOutput(context: ContextId, index: number, buffer: Uint8Array): Promise<number>

  /** Generates one token. `end_of_sequence` when the answer is complete; the next call would start anew. */
  computeSingle(context: ContextId, options?: ComputeOptions): Promise<void>

  /** Index 0: the text of the last token (0 bytes before the first); index 1: the metadata so far. */
  getOutputSingle(context: ContextId, index: number, buffer: Uint8Array): Promise<number>

  /** Ends token-by-token generation; what was said so far goes into the history. */
  finiSingle(context: ContextId): Promise<void>

  /** `setInput` + `compute` + `getOutput` in one call, with runtime options for this call alone. */
  runInference(
    context: ContextId,
    index: number,
    tensor: Tensor,
    buffer: Uint8Array,
    runtimeOptions?: string,
    options?: ComputeOptions,
  ): Promise<number>

  /** Closes the handle; the session keeps its history. `invalid_argument` the second time. */
  closeExecutionContext(context: ContextId): Promise<void>

  /**
   * Puts another model behind a graph, whose contexts and sessions go on with it: tasks that run finish on the old model,
   * those that wait run on the new one. `config` is as for `loadByNameWithConfig`. Fails as `loadByName` does, and
   * `runtime_error` while another switch of the graph is under way; the old model answers then as before.
   */
  switchGraph(graph: GraphId, name: string, config?: string, options?: SwitchOptions): Promise<SwitchReport>

  /** Releases the model; its contexts are closed. `invalid_argument` for an unknown graph. */
  unload(graph: GraphId): Promise<void>

  /** The status as JSON text in `buffer`. `invalid_argument` (unknown type), `too_large`. */
  getBackendStatus(type: StatusType, buffer: Uint8Array): Promise<number>

  /** The same status as a value, for TypeScript callers. */
  status<T extends StatusType>(type: T): Promise<BackendStatus[T]>

  /** Releases contexts, graphs, processes and files. `invalid_argument` the second time. */
  deinit(): Promise<void>
}
