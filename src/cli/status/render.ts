import type {BackendStatus, DurationSummary, StatusType} from '../../backend/contract/status.js'
import type {DaemonStatus} from '../../rpc/daemon-status.js'
import {bytes, duration, plural, short, table} from '../../terminal/units.js'
import type {Finding} from './finding.js'

type Sections = {[T in StatusType]: (status: BackendStatus[T]) => string[]}

const sections: Sections = {
  queue: (queue) => {
    const {low, normal, high, urgent} = queue.queued_by_priority
    return table([
      ['tasks', `${queue.running} running, ${queue.queued} of ${queue.queue_size} waiting`],
      ['waiting by priority', `${urgent} urgent, ${high} high, ${normal} normal, ${low} low`],
      ['ended', `${queue.completed} answered, ${queue.failed} failed, ${queue.timed_out} timed out`],
      ['', `${queue.refused} rejected, ${queue.cancelled} cancelled`],
      ['waited', percentiles(queue.wait_ms)],
      ['ran', percentiles(queue.run_ms)],
    ])
  },
  memory: (memory) => {
    const {saved_caches: caches} = memory
    const limit = memory.max_memory_mb === 0 ? '' : ` (limit for all ${memory.max_memory_mb} MiB)`
    return [
      ...table([
        ['host', `${bytes(memory.host_rss_bytes)}${limit}`],
        [
          'saved caches',
          `${caches.caches}, ${plural(caches.tokens, 'token')}, ${bytes(caches.bytes)} of ${bytes(caches.max_bytes)}`,
        ],
      ]),
      ...table([
        ['graph', 'process', 'resident', 'model', 'context', 'on the GPU', 'tokens', 'slots busy'],
        ...memory.graphs.map((one) => [
          String(one.graph),
          one.engine_pid === null ? 'none' : `${one.engine_pid}${one.responsive ? '' : ' (silent)'}`,
          ...[one.engine_rss_bytes, one.model_bytes, one.context_bytes, one.gpu_bytes].map(bytes),
          String(one.kv_tokens),
          `${one.slots.filter(({busy}) => busy).length} of ${one.slots.length}`,
        ]),
      ]),
    ]
  },
  sessions: (sessions) => [
    ...table([
      ['sessions', `${sessions.active} of ${sessions.max_sessions}`],
      ['contexts', `${sessions.contexts.length} open`],
      ['kept in', sessions.state_dir ?? 'memory only'],
      ...(sessions.write_error === null ? [] : [['not written', sessions.write_error]]),
    ]),
    ...(sessions.sessions.length === 0
      ? []
      : table([
          ['session', 'messages', 'contexts', 'idle', 'cached tokens'],
          ...sessions.sessions.map((one) => [
            one.id,
            String(one.messages),
            one.contexts.join(',') || '-',
            duration(one.idle_ms),
            `${one.cached_tokens} (${one.cache})`,
          ]),
        ])),
  ],
  performance: (performance) =>
    table([
      ['answers', `${performance.tasks} in ${duration(performance.uptime_ms)}`],
      ['prompts', `${plural(performance.prompt_tokens, 'token')}, ${performance.cached_tokens} of them cached`],
      ['', `${short(performance.prompt_tokens_per_second)} tokens/s evaluated`],
      ...(performance.shortened_prompts > 0
        ? [['', `${performance.shortened_prompts} without the oldest messages`]]
        : []),
      [
        'answered',
        `${plural(performance.generated_tokens, 'token')}, ${short(performance.generated_tokens_per_second)} tokens/s`,
      ],
    ]),
  model: ({graphs}) =>
    graphs.length === 0
      ? ['none loaded']
      : table([
          ['graph', 'name', 'architecture', 'size', 'GPU layers', 'context', 'threads', 'path'],
          ...graphs.map((one) => [
            ...[String(one.graph), one.name, one.architecture, bytes(one.size_bytes)],
            `${one.gpu_layers} of ${one.layers}`,
            `${one.parallel} × ${one.ctx_size}`,
            ...[String(one.threads), one.path],
          ]),
        ]),
}

/** The status for people: a title per type, aligned text below it. */
export function renderStatus(daemon: DaemonStatus, status: Partial<BackendStatus>): string {
  const first = `daemon ${daemon.state} for ${duration(daemon.uptime_ms)}, process ${daemon.pid}, ${plural(daemon.clients, 'client')}, ${daemon.socket}`
  const blocks = (Object.keys(status) as StatusType[]).map((type) => renderSection(type, status))
  return [first, ...blocks].join('\n\n')
}

function renderSection(type: StatusType, status: Partial<BackendStatus>): string {
  const render = sections[type] as (part: unknown) => string[]
  return [type, ...render(status[type]).map((line) => `  ${line}`)].join('\n')
}

export function renderFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing is wrong.'
  return findings.map(({level, text, fix}) => `${level}: ${text}\n  ${fix}`).join('\n')
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
