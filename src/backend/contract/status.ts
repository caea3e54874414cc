import type {ContextId, GraphId} from './types.js'
import type {Config, ConfigWarning} from '../../config/index.js'

export const statusTypes = ['queue', 'memory', 'sessions', 'performance', 'model'] as const
export type StatusType = (typeof statusTypes)[number]

/**
 * The reports of `get_backend_status` by type. Names are those of the JSON; sizes are in bytes, times in milliseconds.
 */
export interface BackendStatus {
  queue: QueueStatus
  memory: MemoryStatus
  sessions: SessionsStatus
  performance: PerformanceStatus
  model: ModelStatus
}

export interface QueueStatus {
  queued: number
  running: number
  queue_size: number
  max_concurrent: number
  warning_threshold: number
  reject_threshold: number
  default_task_timeout_ms: number
  priority_scheduling_enabled: boolean
  fair_scheduling_enabled: boolean
  priority_aging_ms: number
  auto_queue_cleanup: boolean
  queued_by_priority: {low: number; normal: number; high: number; urgent: number}
  /** Since the backend was initialized; at any time the sum of `queued`, `running` and the five ways to end. */
  submitted: number
  /** Ended with an answer, including one that its caller ended early. */
  completed: number
  failed: number
  /** Exceeded the deadline, waiting or running. */
  timed_out: number
  /** Rejected by the full queue. */
  refused: number
  /** Cancelled by the caller, or because its context or graph was closed, before there was an answer. */
  cancelled: number
  /** From the call to the start, of the tasks that started. */
  wait_ms: DurationSummary
  /** From the start to the end, of the tasks that ran. */
  run_ms: DurationSummary
}

/** Milliseconds, exact to 0.1 % and a microsecond; all 0 when `count` is. */
export interface DurationSummary {
  count: number
  p50: number
  p95: number
  p99: number
  max: number
}

export interface MemoryStatus {
  /** Resident memory of this process. */
  host_rss_bytes: number
  max_memory_mb: number
  /** Saved caches: those that lost their slots. */
  saved_caches: SavedCacheStatus
  /** Folders that the backend writes to. At most ten seconds old. */
  disks: DiskStatus[]
  graphs: {
    graph: GraphId
    /** The graph's engine process; `null` while none runs. */
    engine_pid: number | null
    /** Resident memory of the graph's engine process. */
    engine_rss_bytes: number
    /** Allocations that llama.cpp reports for weights, KV cache and compute buffers. */
    model_bytes: number
    context_bytes: number
    gpu_bytes: number
    /** Whether the engine reported its slots within two seconds. */
    responsive: boolean
    /** KV cells in use over all slots, in tokens. */
    kv_tokens: number
    slots: {slot: number; tokens: number; busy: boolean; session: string | null}[]
  }[]
}

export interface DiskStatus {
  /** Histories of sessions, saved caches, the log, and everything else. */
  use: 'state' | 'caches' | 'log' | 'temporary'
  path: string
  free_bytes: number
  /** Files that can still be made; `null` where the file system does not count them. */
  free_inodes: number | null
  /** Why nothing can be written, as the end of a sentence; `null` if something can. */
  problem: string | null
}

export interface SavedCacheStatus {
  caches: number
  tokens: number
  bytes: number
  max_cache_tokens: number | 'auto'
  /** The value of `max_cache_mb` in bytes, `auto` resolved. */
  max_bytes: number
  cache_strategy: 'lru' | 'fifo' | 'smart'
  /** Since the backend was initialized: how many were saved, read back into a slot, evicted, or lost to an error. */
  saved: number
  restored: number
  dropped: number
  failed: number
}

export interface SessionsStatus {
  max_sessions: number
  idle_timeout_ms: number
  auto_cleanup: boolean
  active: number
  /** Folder in which histories are kept; `null` when they end with the backend. */
  state_dir: string | null
  /** Why the last histories could not be written to that folder; `null` if all are written. */
  write_error: string | null
  sessions: {
    id: string
    messages: number
    contexts: ContextId[]
    idle_ms: number
    /** Tokens of the last prompt that came from the cache. */
    cached_tokens: number
    /** Where they came from: the session's own slot, another session's slot, a saved cache, or nowhere. */
    cache: 'slot' | 'shared' | 'saved' | 'none'
    /** Oldest messages that no longer fit into the context and are not in prompts. */
    dropped_messages: number
  }[]
  /** The last 100 sessions that were removed and not opened again, with the reason: idle or evicted. */
  removed: {id: string; reason: 'idle' | 'evicted'}[]
  contexts: {context: ContextId; graph: GraphId; session: string; state: string}[]
}

export interface PerformanceStatus {
  tasks: number
  prompt_tokens: number
  cached_tokens: number
  generated_tokens: number
  /** Answers whose prompt lacked the oldest messages of the conversation, because they did not fit into the context. */
  shortened_prompts: number
  prompt_tokens_per_second: number
  generated_tokens_per_second: number
  uptime_ms: number
  /** Decode counts of the engines since their start. */
  graphs: ({
    graph: GraphId
    name: string
    /** Passes over the weights for a token of each running answer; 1 is best, `null` before the first. */
    passes_per_step: number | null
  } & DecodeCounts)[]
}

export interface ModelStatus {
  /** The backend's configuration in force, defaults included. */
  config: Config
  config_warnings: ConfigWarning[]
  graphs: GraphStatus[]
}

export interface GraphStatus {
  graph: GraphId
  name: string
  /** The model's file; of a split model the first. */
  path: string
  /** Changes when one of the model's files is written or replaced. */
  content_id: string
  /**
   * `starting` after a crash, `stopped` after a start that failed (the next one follows), `failed` if the engine died too
   * often or its file is another one by now.
   */
  state: 'ready' | 'starting' | 'stopped' | 'switching' | 'failed'
  /** How often its engine died, and the last reason. */
  crashes: number
  last_crash: string | null
  /** Milliseconds since the last crash; `null` if there was none. */
  since_crash_ms: number | null
  /** How many of the crashes a single request caused. Such a request is rejected when it comes again. */
  crashes_by_requests: number
  /** Why the model cannot answer, when it is `stopped` or `failed`; else `null`. */
  failure: string | null
  /**
   * How the file differs from what was loaded, as the end of a sentence; `null` if it does not. A model that runs does not
   * need the file, but cannot be started again.
   */
  file_change: string | null
  /** The configuration in force for this graph. */
  config: Config
  config_warnings: ConfigWarning[]
  architecture: string
  parameters: number
  size_bytes: number
  layers: number
  /** Layers on the GPU, as llama.cpp reports them. */
  gpu_layers: number
  gpu: string | null
  /** Tokens that a conversation may have: as configured, at most what the engine allocated. */
  ctx_size: number
  batch_size: number
  threads: number
  /** Threads that sample. */
  sampling_threads: number
  parallel: number
  train_ctx_size: number
  llama_build: string
  llama_commit: string
  warnings: string[]
}

/** Sums over all answers since the backend was initialized. */
export interface Totals {
  tasks: number
  promptTokens: number
  cachedTokens: number
  generatedTokens: number
  promptMs: number
  predictMs: number
  /** Answers whose prompt lacked the oldest messages. */
  shortenedPrompts: number
}

/** Decode counts since the start. */
export interface DecodeCounts {
  /** Decode steps that generated a token for each running answer. */
  answer_steps: number
  /** Passes over the weights of these steps; equal to their number if each step is one pass. */
  answer_passes: number
  /** Passes over the weights for prompts. */
  prompt_passes: number
  /** Padding rows: they close a gap between slots, or fill a batch up to a faster size. */
  filler_rows: number
  /** Guessed tokens that were decoded, and how many were accepted. */
  drafted_tokens: number
  accepted_tokens: number
}

/** Part of the command line of each engine process, so that it can be found in the process list. */
export const engineMark = 'wnn-engine'
