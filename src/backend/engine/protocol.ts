import type {OutputMetadata, StopReason} from '../contract/types.js'
import type {Config} from '../../config/index.js'
import type {WireError} from '../../errors.js'
import type {DecodeCounts} from './decode-counts.js'

/** One message of a conversation, as chat templates know it. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  content: string
  /** The tokens this text was generated as. Put back verbatim, they keep the KV cache's prefix intact. */
  tokens?: Uint32Array
}

export type Prompt = {mode: 'chat'; messages: ChatMessage[]} | {mode: 'raw'; text: string}

/** What the engine is started with: a checked file and the sizes the host has decided on. */
export interface EngineOptions {
  modelPath: string
  /** What the host has read from the file's header. */
  header: EngineHeader
  model: Config['model']
  performance: Config['performance']
  /** Where and how caches that lose their slots are saved; `null` saves none. */
  store: StoreSettings | null
  /** Whether llama.cpp survives a context shift with these settings. */
  canShift: boolean
  /** Whether a cache may lose its end alone. */
  partialCaches: boolean
  modelSizeBytes: number
  /** What weights, caches and the process are expected to take. */
  estimatedBytes: number
  /** Why the model does not fit this machine's memory, if it does not: an error unless there is a GPU. */
  misfit?: WireError | null
  /** Decode slots, each with `ctx_size` tokens. */
  slots: number
  /** Threads that sample; `UV_THREADPOOL_SIZE` of the environment wins. */
  samplingThreads: number
  /** Lowest level of llama.cpp's own lines to pass on. */
  logLevel: EngineLogLevel
}

export interface EngineHeader {
  architecture: string
  layers: number
  vocabularySize: number
  chatTemplate: string | undefined
  /** The file's own pooling of embeddings, by llama.cpp's number; 0 is none. */
  pooling: number
}

export type EngineLogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What the engine reports of the loaded model; sizes are bytes. */
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
  /** Tokens a slot holds, as llama.cpp has allocated them (a multiple of 256). */
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
  /** The session that it belongs to; its saved caches go with it. */
  session: string | null
  sampling: Config['sampling']
  stopping: Config['stopping']
  /** Drops tokens from the middle when the slot is full; `null` ends the answer with `context_full`. */
  contextShift: {keep: number; discard: number} | null
  /** Tokens the conversation may hold: `ctx_size` as configured, at most what the slot has. */
  contextSize: number
  cachePrompt: boolean
  /** Guesses tokens from the conversation's own text, and checks several in one step, where that pays. */
  promptLookup: boolean | 'auto'
  /** Decodes in a batch of its own, from an empty slot, so that the text does not depend on the company. */
  deterministic: boolean
  /** `step` generates one token per `advance`. */
  pace: 'free' | 'step'
  /** Sends text as it becomes final. */
  stream: boolean
}

/** Where cached prompt tokens were: in the session's own slot, in another session's, in a saved state, or nowhere. */
export type CacheSource = 'slot' | 'shared' | 'saved' | 'none'

/** The end of a generation. */
export interface GenerateResult {
  text: string
  /** The answer's tokens when `text` is all they say, so that they may stand for it in the history. */
  tokens: Uint32Array | null
  stopReason: StopReason
  cacheSource: CacheSource
  /** Messages at the beginning that did not fit the context. */
  droppedMessages: number
  metadata: OutputMetadata
}

export interface SlotStatus {
  slot: number
  tokens: number
  busy: boolean
  /** The session that the tokens are of, while it may ask for them. */
  session: string | null
}

/** What happened to a saved cache; times are milliseconds. */
export type StateEvent =
  | ({type: 'saved'} & SavedState)
  | {type: 'restored'; id: string; ms: number}
  | {type: 'unsaved'; id: string; reason: UnsavedReason}

export type EngineRequest =
  | {type: 'start'; options: EngineOptions}
  | {type: 'generate'; id: number; request: GenerateRequest}
  | {type: 'advance'; id: number}
  | {type: 'abort'; id: number}
  | {type: 'count'; id: number; prompt: Prompt}
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
  | {type: 'counted'; id: number; tokens: number}
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
  /** Folder for the caches of this model and these settings alone; made with the first one, for its owner only. */
  folder: string
  /** Whether the folder outlives the process: what is found in it is checked before it is used. */
  durable: boolean
  /** Most tokens of one cache; what is longer loses its end, or is not saved where it may not. `Infinity` is no limit. */
  maxTokens: number
  /** Whether a cache may lose its end alone. */
  partial: boolean
}

/** Why a saved cache is gone: a longer one holds it, the host dropped it, or its file is not what it should be. */
export type UnsavedReason = 'superseded' | 'dropped' | 'failed'

export interface SavedState {
  id: string
  /** The session that it is of; `null` for a request without one. */
  session: string | null
  /** What the conversation is counted as from one saved cache to the next. */
  line: string
  file: string
  tokens: number
  bytes: number
  /** How long saving took, in milliseconds; 0 for one that was found in the folder. */
  ms: number
  /** How long ago it was saved, in milliseconds; 0 for a new one. */
  ageMs: number
  /** Found in the folder when the engine started; its files are as an earlier process has left them. */
  isAdopted: boolean
}
