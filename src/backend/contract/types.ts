import type {TaskPriority} from '../../config/index.js'

export type {TaskPriority}

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

export interface LoadOptions {
  /** What the graph goes by in reports and for HTTP clients. Defaults to the name or path it is loaded by. */
  name?: string
  signal?: AbortSignal
  /** Fraction loaded, from 0 to 1. */
  onProgress?: (fraction: number) => void
}
