import type {BackendStatus, DurationSummary, MemoryStatus, StatusType} from '../../backend/contract/status.js'
import type {DaemonStatus} from '../../rpc/daemon-status.js'
import {facts, indented, tableOrTexts} from '../../terminal/fit.js'
import {bytes, duration, plural, short} from '../../terminal/units.js'
import type {Finding} from './finding.js'

/** Lines of a report for a terminal of this width. */
type Sections = {[T in StatusType]: (status: BackendStatus[T], width: number) => string[]}

const sections: Sections = {
  queue: (queue, width) => {
    const {low, normal, high, urgent} = queue.queued_by_priority
    const rows: [string, string][] = [
      ['tasks', `${queue.running} running, ${queue.queued} of ${queue.queue_size} waiting`],
      ['waiting by priority', `${urgent} urgent, ${high} high, ${normal} normal, ${low} low`],
      ['ended', `${queue.completed} answered, ${queue.failed} failed, ${queue.timed_out} timed out`],
      ['', `${queue.refused} rejected, ${queue.cancelled} cancelled`],
      ['waited', percentiles(queue.wait_ms)],
      ['ran', percentiles(queue.run_ms)],
    ]
    return facts(rows, width)
  },
  memory: (memory, width) => {
    const {saved_caches: caches} = memory
    const limit = memory.max_memory_mb === 0 ? '' : ` (limit for all ${memory.max_memory_mb} MiB)`
    const rows: [string, string][] = [
      ['host', `${bytes(memory.host_rss_bytes)}${limit}`],
      ['saved caches', describeCaches(caches)],
    ]
    return [
      ...facts(rows, width),
      ...tableOrTexts(
        [
          ['graph', 'process', 'resident', 'model', 'context', 'on the GPU', 'tokens', 'slots busy'],
          ...memory.graphs.map((one) => [
            String(one.graph),
            one.engine_pid === null ? 'none' : `${one.engine_pid}${one.responsive ? '' : ' (silent)'}`,
            ...[one.engine_rss_bytes, one.model_bytes, one.context_bytes, one.gpu_bytes].map(bytes),
            String(one.kv_tokens),
            busySlots(one),
          ]),
        ],
        width,
      ),
    ]
  },
  sessions: (sessions, width) => {
    const rows: [string, string][] = [
      ['sessions', `${sessions.active} of ${sessions.max_sessions}`],
      ['contexts', `${sessions.contexts.length} open`],
      ['kept in', sessions.state_dir ?? 'memory only'],
      ...(sessions.write_error === null ? [] : [['not written', sessions.write_error] as [string, string]]),
    ]
    return [...facts(rows, width), ...tableOrTexts(sessionRows(sessions.sessions), width)]
  },
  performance: (performance, width) => {
    const rows: [string, string][] = [
      ['answers', `${performance.tasks} in ${duration(performance.uptime_ms)}`],
      ['prompts', `${plural(performance.prompt_tokens, 'token')}, ${performance.cached_tokens} of them from a cache`],
      ['', `${short(performance.prompt_tokens_per_second)} tokens/s evaluated`],
      ...(performance.shortened_prompts > 0
        ? [['', `${performance.shortened_prompts} without the oldest messages`] as [string, string]]
        : []),
      [
        'answered',
        `${plural(performance.generated_tokens, 'token')}, ${short(performance.generated_tokens_per_second)} tokens/s`,
      ],
    ]
    return facts(rows, width)
  },
  model: ({graphs}, width) =>
    graphs.length === 0
      ? ['none loaded']
      : tableOrTexts(
          [
            ['graph', 'name', 'architecture', 'size', 'GPU layers', 'context', 'threads', 'path'],
            ...graphs.map((one) => [
              ...[String(one.graph), one.name, one.architecture, bytes(one.size_bytes)],
              `${one.gpu_layers} of ${one.layers}`,
              `${one.parallel} × ${one.ctx_size}`,
              ...[String(one.threads), one.path],
            ]),
          ],
          width,
        ),
}

/** The sessions as rows of a table, header first; no rows without sessions. */
export function sessionRows(
  sessions: BackendStatus['sessions']['sessions'],
  {contexts} = {contexts: true},
): string[][] {
  if (sessions.length === 0) return []
  return [
    ['session', 'messages', ...(contexts ? ['contexts'] : []), 'idle', 'last prompt from cache'],
    ...sessions.map((one) => [
      one.id,
      String(one.messages),
      ...(contexts ? [one.contexts.join(',') || '-'] : []),
      duration(one.idle_ms),
      one.cache === 'none' ? '-' : `${plural(one.cached_tokens, 'token')} (${cacheNames[one.cache]})`,
    ]),
  ]
}

const cacheNames = {slot: 'own slot', shared: 'other slot', saved: 'saved cache'} as const

/** `2, 512 tokens, 1.2 MiB of 1 GiB`. */
export function describeCaches({caches, tokens, bytes: size, max_bytes: most}: MemoryStatus['saved_caches']): string {
  return `${caches}, ${plural(tokens, 'token')}, ${bytes(size)} of ${bytes(most)}`
}

export function busySlots({slots}: MemoryStatus['graphs'][number]): string {
  return `${slots.filter(({busy}) => busy).length} of ${slots.length}`
}

/** The status for people: a title per type, aligned text below it. */
export function renderStatus(daemon: DaemonStatus, status: Partial<BackendStatus>, width = Infinity): string {
  const blocks = (Object.keys(status) as StatusType[]).map((type) => renderSection(type, status, width))
  return [describeDaemon(daemon, width), ...blocks].join('\n\n')
}

export function describeDaemon(daemon: DaemonStatus, width: number): string {
  const clients = plural(daemon.clients, 'client')
  const parts = [`daemon ${daemon.state} for ${duration(daemon.uptime_ms)}`, `process ${daemon.pid}`, clients]
  return indented([...parts, daemon.socket].join(', '), width, '').join('\n')
}

function renderSection(type: StatusType, status: Partial<BackendStatus>, width: number): string {
  const render = sections[type] as (part: unknown, width: number) => string[]
  return [type, ...render(status[type], width - 2).map((line) => `  ${line}`)].join('\n')
}

export function renderFindings(findings: readonly Finding[], width = Infinity): string {
  if (findings.length === 0) return 'Nothing is wrong.'
  return findings
    .flatMap(({level, text, fix}) => [...indented(`${level}: ${text}`, width, ''), ...indented(fix, width, '  ')])
    .join('\n')
}

/** Findings on one line. */
export function renderFindingsLine(findings: readonly Finding[]): string {
  return renderFindings(findings).replace(/\s*\n\s*/g, ' · ')
}

/** One line for logs that are not redrawn: of each type what changes, or of the only one that there is. */
export function renderLine(status: Partial<BackendStatus>): string {
  const {queue, performance, memory, sessions, model} = status
  return [
    ...(queue === undefined
      ? []
      : [
          `${queue.running} running`,
          `${queue.queued} waiting`,
          `${queue.completed} answered`,
          `${queue.failed + queue.timed_out + queue.refused} failed`,
        ]),
    ...(sessions === undefined ? [] : [plural(sessions.active, 'session')]),
    ...(performance === undefined ? [] : [`${short(performance.generated_tokens_per_second)} tokens/s`]),
    ...(memory === undefined
      ? []
      : [bytes(memory.graphs.reduce((sum, one) => sum + one.engine_rss_bytes, memory.host_rss_bytes))]),
    // Beside the others their names would be too much for a line.
    ...(model === undefined || queue !== undefined
      ? []
      : [model.graphs.map(({graph, name}) => `${name} (graph ${graph})`).join(' · ') || 'none loaded']),
  ].join(' · ')
}

function percentiles({count, p50, p95, max}: DurationSummary): string {
  return count === 0 ? 'no task yet' : `${duration(p50)} (half), ${duration(p95)} (95 %), ${duration(max)} (longest)`
}
