import {defaultConfig} from '../../../src/config/index.js'
import type {BackendStatus, GraphStatus} from '../../../src/backend/contract/status.js'

const wait = {count: 0, p50: 0, p95: 0, p99: 0, max: 0}

/** The status of a daemon with one model that has nothing to do. */
export function madeUpStatus(graph: Partial<GraphStatus> = {}): BackendStatus {
  const config = defaultConfig(4)
  return {
    queue: {
      ...{queued: 0, running: 0, queue_size: 50, max_concurrent: 8, warning_threshold: 40, reject_threshold: 50},
      ...{default_task_timeout_ms: 60_000, priority_scheduling_enabled: true, fair_scheduling_enabled: true},
      ...{
        priority_aging_ms: 1000,
        auto_queue_cleanup: true,
        queued_by_priority: {low: 0, normal: 0, high: 0, urgent: 0},
      },
      ...{submitted: 20, completed: 20, failed: 0, timed_out: 0, refused: 0, cancelled: 0, wait_ms: wait, run_ms: wait},
    },
    memory: {
      ...{host_rss_bytes: 90 * 1024 ** 2, max_memory_mb: 0},
      saved_caches: {
        ...{caches: 0, tokens: 0, bytes: 0, max_cache_tokens: 'auto', max_bytes: 1024 ** 3, cache_strategy: 'smart'},
        ...{saved: 0, restored: 0, dropped: 0, failed: 0},
      },
      disks: [{use: 'temporary' as const, path: '/tmp', free_bytes: 1024 ** 4, free_inodes: 1e6, problem: null}],
      graphs: [
        {
          ...{graph: 0, engine_pid: 42, engine_rss_bytes: 100 * 1024 ** 2, model_bytes: 5e6, context_bytes: 2e6},
          ...{gpu_bytes: 0, responsive: true, kv_tokens: 0},
          slots: [{slot: 0, tokens: 0, busy: false, session: null}],
        },
      ],
    },
    sessions: {
      ...{max_sessions: 100, idle_timeout_ms: 300_000, auto_cleanup: true, active: 0, state_dir: null},
      ...{write_error: null, sessions: [], removed: [], contexts: []},
    },
    performance: {
      ...{tasks: 20, prompt_tokens: 100, cached_tokens: 50, generated_tokens: 200, shortened_prompts: 0},
      ...{prompt_tokens_per_second: 1000, generated_tokens_per_second: 87.65, uptime_ms: 61_000},
      graphs: [
        {
          ...{graph: 0, name: 'qwen', passes_per_step: 1},
          ...{
            answer_steps: 200,
            answer_passes: 200,
            prompt_passes: 20,
            filler_rows: 0,
            drafted_tokens: 0,
            accepted_tokens: 0,
          },
        },
      ],
    },
    model: {
      ...{config, config_warnings: []},
      graphs: [
        {
          ...{
            graph: 0,
            name: 'qwen',
            path: '/m/qwen.gguf',
            content_id: '1',
            config,
            config_warnings: [],
            architecture: 'qwen2',
          },
          ...{parameters: 1e6, size_bytes: 5e6, layers: 5, gpu_layers: 0, gpu: null, ctx_size: 2048, batch_size: 512},
          ...{state: 'ready' as const, crashes: 0, last_crash: null, since_crash_ms: null},
          ...{crashes_by_requests: 0, failure: null, file_change: null},
          ...{threads: 3, sampling_threads: 1, parallel: 1, train_ctx_size: 4096},
          ...{llama_build: 'v', llama_commit: 'c', warnings: []},
          ...graph,
        },
      ],
    },
  }
}
