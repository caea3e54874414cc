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

/** Where a graph runs. `gpu` without a GPU warns and runs on the CPU; `tpu` fails. */
export const executionTargets = ['cpu', 'gpu', 'tpu'] as const
export type ExecutionTarget = (typeof executionTargets)[number]

export const tensorTypes = ['fp16', 'fp32', 'fp64', 'bf16', 'u8', 'i32', 'i64'] as const
export type TensorType = (typeof tensorTypes)[number]

/** Handle of a loaded model. Counts from 0 and is never reused. */
export type GraphId = number
/** Handle of an open execution context. Counts from 0 and is never reused. */
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

/** Output 1 of a context. Counts are tokens, times are milliseconds. */
export interface OutputMetadata {
  /** Tokens of the whole prompt, template and history included. Known as soon as the input is set. */
  input_tokens: number
  output_tokens: number
  /** `null` before a compute. */
  stop_reason: StopReason | null
  /** The stop string or pattern that ended the answer, if one did. */
  stopped_by?: string
  prompt_ms: number
  predict_ms: number
  /** Time to the first token, including the wait in the queue. */
  ttft_ms: number
  /** Prompt tokens that were found in the KV cache and not evaluated again. */
  cached_tokens: number
  /** Oldest messages of the conversation that the prompt lacks, because they did not fit; absent if there are none. */
  dropped_messages?: number
  /** Guessed tokens that were decoded, and how many were accepted; absent if there were none. */
  drafted_tokens?: number
  accepted_tokens?: number
  /** The seed that was used, so that the answer can be repeated. */
  seed: number
  /** llama.cpp release, for example `v0.5.0`. */
  llama_build: string
  llama_commit: string
  /** One entry per generated token, when `n_probs` > 0. */
  logprobs?: TokenLogprob[]
}

/** A generated token, and the most likely ones at its place. */
export interface TokenLogprob extends LikelyToken {
  top: LikelyToken[]
}

export interface LikelyToken {
  token: number
  /** U+FFFD for a part of a character. */
  text: string
  /** Its bytes in UTF-8: the bytes of all tokens are those of the text. */
  bytes: number[]
  /** Natural logarithm of the model's own probability, before any sampler changed it. */
  logprob: number
}

export interface ComputeOptions {
  /** Ends the generation. The text so far stays readable, and the stop reason is `aborted`. */
  signal?: AbortSignal
  /** Called with each final piece of text: whole characters only, never part of a stop string. */
  onText?: (text: string) => void
}

export interface ContextOptions {
  /**
   * A temporary session that ends with the context: it does not count towards a limit, is never saved, and cannot be
   * reopened. Its tokens in the decode slot still serve prompts with the same prefix. Defaults to `false`; no effect
   * with a session id.
   */
  temporary?: boolean
  /**
   * Whether the context counts towards `max_concurrent`. A server that opens one context per request leaves the limit
   * to the queue. Defaults to `true`.
   */
  counted?: boolean
}

/** Unit vectors, one per text, and the token count of all texts. */
export interface Embeddings {
  vectors: Float32Array[]
  tokens: number
}

export interface EmbedOptions {
  /** Aborts between two texts; the call then fails with `runtime_error`. */
  signal?: AbortSignal
  /** Defaults to `normal`. */
  priority?: TaskPriority
  /** Time limit in milliseconds, waiting included; `0` is no limit. Defaults to `default_task_timeout_ms`. */
  timeoutMs?: number
}

export interface LoadOptions {
  /** Name of the graph in reports and for HTTP clients. Defaults to the name or path that was loaded. */
  name?: string
  signal?: AbortSignal
  /** Fraction loaded, from 0 to 1. */
  onProgress?: (fraction: number) => void
}
