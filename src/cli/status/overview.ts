import type {BackendStatus, DurationSummary} from '../../backend/contract/status.js'
import type {DaemonStatus} from '../../rpc/daemon-status.js'
import {facts, tableOrTexts} from '../../terminal/fit.js'
import {bytes, duration, short} from '../../terminal/units.js'
import {busySlots, describeCaches, describeDaemon, sessionRows} from './render.js'
import type {ScreenSize} from './watch.js'

/** Rows below the last line: the cursor's. */
const cursorRow = 1

/** All reports on one screen: what changes, the models, and as many sessions as there is room for. */
export function renderOverview(daemon: DaemonStatus, status: BackendStatus, {columns, rows}: ScreenSize): string {
  const lines = [
    ...describeDaemon(daemon, columns).split('\n'),
    '',
    ...facts(figures(status), columns),
    '',
    ...models(status, columns),
  ]
  const sessions = tableOrTexts(sessionRows(mostRecent(status.sessions.sessions), {contexts: false}), columns)
  return [...lines, ...fitSessions(sessions, rows - cursorRow - lines.length)].join('\n')
}

function figures({queue, memory, sessions, performance}: BackendStatus): [string, string][] {
  const {low, normal, high, urgent} = queue.queued_by_priority
  const waiting = counts({urgent, high, normal, low})
  const others = counts({'timed out': queue.timed_out, rejected: queue.refused, cancelled: queue.cancelled})
  const engines = memory.graphs.reduce((sum, one) => sum + one.engine_rss_bytes, 0)
  return [
    ['queue', `${queue.running} running, ${queue.queued} of ${queue.queue_size} waiting${waiting && ` (${waiting})`}`],
    ['ended', `${queue.completed} answered, ${queue.failed} failed${others && `, ${others}`}`],
    ['waited', percentiles(queue.wait_ms)],
    ['ran', percentiles(queue.run_ms)],
    [
      'prompts',
      `${performance.prompt_tokens} tokens, ${performance.cached_tokens} from a cache, ${short(performance.prompt_tokens_per_second)} tokens/s`,
    ],
    ['answers', `${performance.generated_tokens} tokens, ${short(performance.generated_tokens_per_second)} tokens/s`],
    ['memory', `${bytes(memory.host_rss_bytes)} host, ${bytes(engines)} engines`],
    ['saved caches', describeCaches(memory.saved_caches)],
    [
      'sessions',
      `${sessions.active} of ${sessions.max_sessions}, ${sessions.contexts.length} contexts open, ${sessions.state_dir === null ? 'in memory only' : 'on disk'}`,
    ],
    ...(sessions.write_error === null ? [] : [['not written', sessions.write_error] as [string, string]]),
  ]
}

/** Those that are not 0: `2 urgent, 10 normal`. */
function counts(named: Readonly<Record<string, number>>): string {
  return Object.entries(named)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

function percentiles({count, p50, p95, max}: DurationSummary): string {
  return count === 0 ? 'no task yet' : `p50 ${duration(p50)}, p95 ${duration(p95)}, longest ${duration(max)}`
}

function models({model, memory}: BackendStatus, columns: number): string[] {
  if (model.graphs.length === 0) return ['No model is loaded.']
  const rows = model.graphs.map(({graph, name, state, parallel, ctx_size: size}) => {
    const used = memory.graphs.find((one) => one.graph === graph)
    return [
      ...[String(graph), name, used?.responsive === false && state === 'ready' ? 'silent' : state],
      ...[`${parallel} × ${size}`, used === undefined ? '-' : busySlots(used), String(used?.kv_tokens ?? 0)],
      bytes(used?.engine_rss_bytes ?? 0),
    ]
  })
  return tableOrTexts([['graph', 'model', 'state', 'context', 'slots busy', 'tokens', 'memory'], ...rows], columns)
}

function mostRecent<T extends {idle_ms: number}>(sessions: readonly T[]): T[] {
  return [...sessions].sort((a, b) => a.idle_ms - b.idle_ms)
}

/** An empty line, and the lines that have room. */
function fitSessions(lines: readonly string[], room: number): string[] {
  if (lines.length === 0) return []
  if (lines.length + 1 <= room) return ['', ...lines]
  // Header, one session and the last line; without room for them, the number of sessions above must do.
  if (room < 4) return []
  return ['', ...lines.slice(0, room - 2), 'More sessions: wnn status sessions']
}
