import type {TokenizeOptions} from '../contract/core.js'
import type {OutputMetadata, StopReason} from '../contract/types.js'
import type {Config} from '../../config/index.js'
import type {WireError} from '../../errors.js'
import type {DecodeCounts} from './decode-counts.js'
import type {PackedTokens} from './packed-tokens.js'

/** One message of a conversation, as in chat templates. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
  /** The tokens that were generated for this text. Reusing them keeps the prefix in the KV cache intact. */
  tokens?: Uint32Array
}

export type Prompt =
  | {
      mode: 'chat'
      messages: ChatMessage[]
      /** What the template gets besides the variables that every template has. Defaults to nothing. */
      variables?: Record<string, unknown>
    }
  | {mode: 'raw'; text: string}

/** What decides which messages of a conversation are in its prompt. */
export type PromptRequest = Pick<GenerateRequest, 'prompt' | 'contextSize' | 'contextShift' | 'stopping'>

/** Questions about texts and tokens, which the engine answers between two steps. */
export interface TextQuestions {
  /** Tokens of the whole prompt, template included, whether they fit or not. */
  count: (prompt: Prompt) => number
  /** The prompt as an answer would get it. */
  render: (request: PromptRequest) => EnginePrompt
  tokenize: (text: string, options: Required<TokenizeOptions>) => PackedTokens
  /** @throws `invalid_argument` for a number that is no token */
  detokenize: (tokens: readonly number[]) => string
}

export interface EnginePrompt extends PackedTokens {
  text: string
  /** First messages of the conversation that do not fit into the context. */
  dropped: number
}

/** Start parameters of the engine: a checked file and the sizes that the host chose. */
export interface EngineOptions {
  modelPath: string
  /** What the host read from the file's header. */
  header: EngineHeader
  model: Config['model']
  performance: Config['performance']
  /** Where and how to save caches that lose their slots; `null` saves none. */
  store: StoreSettings | null
  /** Whether llama.cpp survives a context shift with these settings. */
  canShift: boolean
  /** Whether only the end of a cache may be dropped. */
  partialCaches: boolean
  modelSizeBytes: number
  /** Expected memory of weights, caches and the process. */
  estimatedBytes: number
  /** Why the model does not fit into this machine's memory, if it does not; an error unless there is a GPU. */
  misfit?: WireError | null
  /** Decode slots, each with `ctx_size` tokens. */
  slots: number
  /** Threads that sample; `UV_THREADPOOL_SIZE` of the environment wins. */
  samplingThreads: number
  /** Lowest level of llama.cpp's log lines to pass on. */
  logLevel: EngineLogLevel
}

export interface EngineHeader {
  architecture: string
  layers: number
  vocabularySize: number
  chatTemplate: string | undefined
  /** The file's pooling of embeddings, by llama.cpp's number; 0 is none. */
  pooling: number
}

export type EngineLogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What the engine reports about the loaded model; sizes are in bytes. */
export interface EngineInfo {
  pid: number
  llamaBuild: string
  llamaCommit: string
  architecture: string
  description: string
  parameters: number
  sizeBytes: number
  layers: number
  gpuLayers: number
  gpu: string | null
  /** Tokens per slot, as llama.cpp allocated them (a multiple of 256). */
  contextSize: number
  batchSize: number
  threads: number
  /** Threads of the pool that decodes and samples run on. */
  samplingThreads: number
  slots: number
  trainContextSize: number
  vocabularySize: number
  modelBytes: number
  contextBytes: number
  gpuBytes: number
  warnings: string[]
}

export interface GenerateRequest {
  prompt: Prompt
  /** Oldest messages of the conversation that `prompt` lacks, because they did not fit earlier. */
  droppedBefore: number
  /** The session of the request; its saved caches belong to it. */
  session: string | null
  sampling: Config['sampling']
  stopping: Config['stopping']
  /** Drops tokens from the middle when the slot is full; `null` ends the answer with `context_full`. */
  contextShift: {keep: number; discard: number} | null
  /** Tokens the conversation may hold: `ctx_size` as configured, at most what the slot has. */
  contextSize: number
  cachePrompt: boolean
  /** Guesses tokens from the conversation's text and checks several in one step, if that is faster. */
  promptLookup: boolean | 'auto'
  /** Decodes alone and from an empty slot, so that the text does not depend on other requests. */
  deterministic: boolean
  /** `step` generates one token per `advance`. */
  pace: 'free' | 'step'
  /** Sends text as it becomes final. */
  stream: boolean
}

/** Where cached prompt tokens came from: the session's own slot, another session's slot, a saved cache, or nowhere. */
export type CacheSource = 'slot' | 'shared' | 'saved' | 'none'

/** The end of a generation. */
export interface GenerateResult {
  text: string
  /** The answer's tokens if they are exactly `text`, so that the history can keep them. */
  tokens: Uint32Array | null
  stopReason: StopReason
  cacheSource: CacheSource
  /** First messages of the prompt that did not fit into the context. */
  droppedMessages: number
  metadata: OutputMetadata
}

export interface SlotStatus {
  slot: number
  tokens: number
  busy: boolean
  /** The session of the tokens, as long as it exists. */
  session: string | null
}

/** What happened to a saved cache; times are in milliseconds. */
export type StateEvent =
  | ({type: 'saved'} & SavedState)
  | {type: 'restored'; id: string; ms: number}
  | {type: 'unsaved'; id: string; reason: UnsavedReason}

export type EngineRequest =
  | {type: 'start'; options: EngineOptions}
  | {type: 'generate'; id: number; request: GenerateRequest}
  | {type: 'advance'; id: number}
  | {type: 'abort'; id: number}
  | {type: 'text'; id: number; question: keyof TextQuestions; args: unknown[]}
  | {type: 'embed'; id: number; text: string}
  | {type: 'slots'; id: number}
  | {type: 'drop'; cache: string}
  | {type: 'forget'; session: string}
  | {type: 'adopt'; id: number}
  | {type: 'save'; id: number}
  | {type: 'ping'}

export type EngineEvent =
  | {type: 'ready'; info: EngineInfo}
  | {type: 'progress'; fraction: number}
  | {type: 'log'; level: EngineLogLevel; message: string}
  | {type: 'told'; id: number; answer: unknown}
  | {type: 'embedded'; id: number; vector: Float32Array; tokens: number}
  | {type: 'slots'; id: number; slots: SlotStatus[]; decodingMs: number; counts: DecodeCounts}
  | StateEvent
  | {type: 'flushed'; id: number}
  | {type: 'texts'; texts: [id: number, text: string][]}
  | {type: 'stepped'; id: number; text: string; metadata: OutputMetadata}
  | {type: 'done'; id: number; result: GenerateResult}
  | {type: 'failed'; id: number; error: WireError; partial: GenerateResult | null}
  | {type: 'fatal'; error: WireError}
  /** The answer to `ping`. */
  | {type: 'alive'; decodingMs: number}

export interface StoreSettings {
  /** Folder for the caches of this model with these settings; created with the first cache, for its owner only. */
  folder: string
  /** Whether the folder outlives the process; its files are checked before use. */
  durable: boolean
  /**
   * Maximum tokens of one cache; a longer one loses its end, or is not saved if it must stay whole. `Infinity` is no
   * limit.
   */
  maxTokens: number
  /** Whether only the end of a cache may be dropped. */
  partial: boolean
}

/** Why a saved cache was removed: a longer one contains it, the host evicted it, or its file is damaged. */
export type UnsavedReason = 'superseded' | 'dropped' | 'failed'

export interface SavedState {
  id: string
  /** The session that it belongs to; `null` for a request without one. */
  session: string | null
  /** Identifies the conversation from one saved cache to the next. */
  line: string
  file: string
  tokens: number
  bytes: number
  /** How long saving took, in milliseconds; 0 for one that was found in the folder. */
  ms: number
  /** How long ago it was saved, in milliseconds; 0 for a new one. */
  ageMs: number
  /** Found in the folder when the engine started, as an earlier process left it. */
  isAdopted: boolean
}
