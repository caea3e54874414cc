import {Counter, Gauge, Histogram, Registry} from 'prom-client'
import type {MemoryStatus, PerformanceStatus} from '../backend/contract/status.js'
import type {OutputMetadata} from '../backend/contract/types.js'
import type {Core} from '../backend/contract/core.js'

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Prometheus metrics of one server; times are in seconds, as usual. */
export interface Metrics {
  answered: (metadata: OutputMetadata) => void
  requested: (route: string, status: number, ms: number) => void
  readonly contentType: string
  text: () => Promise<string>
}

export function createMetrics(backend: Core): Metrics {
  const registry = new Registry()
  const make = makers(registry)
  const requests = make.histogram('wnn_http_request_seconds', 'Time from the request to the end of the response.', [
    'route',
    'status',
  ])
  const collect = statusMetrics(make, backend)
  return {
    answered: answerMetrics(make),
    requested: (route, status, ms) => requests.observe({route, status: String(status)}, ms / 1000),
    contentType: registry.contentType,
    text: async () => {
      await collect()
      return registry.metrics()
    },
  }
}

type Make<Metric> = (name: string, help: string, labelNames?: string[]) => Metric

interface Makers {
  histogram: Make<Histogram>
  counter: Make<Counter>
  gauge: Make<Gauge>
}

function makers(registry: Registry): Makers {
  const registers = [registry]
  return {
    histogram: (name, help, labelNames = []) => new Histogram({name, help, labelNames, buckets: seconds, registers}),
    counter: (name, help, labelNames = []) => new Counter({name, help, labelNames, registers}),
    gauge: (name, help, labelNames = []) => new Gauge({name, help, labelNames, registers}),
  }
}

/** Observed for each answer. */
function answerMetrics({histogram, counter}: Makers): Metrics['answered'] {
  const ttft = histogram(
    'wnn_time_to_first_token_seconds',
    'Time from the arrival of the task to its first token, waiting included.',
  )
  const gap = histogram('wnn_inter_token_seconds', 'Mean time between two tokens of an answer.')
  const wait = histogram('wnn_queue_wait_seconds', 'Time from the arrival of the task to its first step.')
  const prompt = counter('wnn_prompt_tokens_total', 'Prompt tokens, cached ones included.')
  const cached = counter('wnn_cached_prompt_tokens_total', 'Prompt tokens that came from a cache.')
  const generated = counter('wnn_generated_tokens_total', 'Generated tokens.')
  const shortened = counter('wnn_shortened_prompts_total', 'Prompts without the oldest messages, which did not fit.')
  return (metadata) => {
    ttft.observe(metadata.ttft_ms / 1000)
    wait.observe(Math.max(0, metadata.ttft_ms - metadata.prompt_ms) / 1000)
    if (metadata.output_tokens > 1) gap.observe(metadata.predict_ms / (metadata.output_tokens - 1) / 1000)
    prompt.inc(metadata.input_tokens)
    cached.inc(metadata.cached_tokens)
    generated.inc(metadata.output_tokens)
    if (metadata.dropped_messages !== undefined) shortened.inc()
  }
}

/** Read from the backend's status at each scrape. */
function statusMetrics({counter, gauge}: Makers, backend: Core): () => Promise<void> {
  const queued = gauge('wnn_queued_tasks', 'Tasks that wait.')
  const running = gauge('wnn_running_tasks', 'Tasks that run.')
  const ended = gauge('wnn_tasks', 'Tasks since the start, by result.', ['outcome'])
  const sessions = gauge('wnn_sessions', 'Sessions that are kept.')
  const resident = gauge('wnn_resident_bytes', 'Resident memory of each process.', ['process'])
  const collectModels = modelMetrics({counter, gauge})
  return async () => {
    const [queue, memory, session, performance] = await Promise.all([
      ...([backend.status('queue'), backend.status('memory')] as const),
      ...([backend.status('sessions'), backend.status('performance')] as const),
    ])
    queued.set(queue.queued)
    running.set(queue.running)
    for (const outcome of ['completed', 'failed', 'timed_out', 'refused', 'cancelled'] as const)
      ended.set({outcome}, queue[outcome])
    sessions.set(session.active)
    // Reset first, because unloaded models have no metrics.
    resident.reset()
    resident.set({process: 'host'}, memory.host_rss_bytes)
    const names = new Map((await backend.graphs()).map(({graph, name}) => [graph, name]))
    const nameOf = (graph: number): string => names.get(graph) ?? String(graph)
    for (const {graph, engine_rss_bytes: bytes} of memory.graphs)
      resident.set({process: `engine ${nameOf(graph)}`}, bytes)
    collectModels(memory.graphs, performance.graphs, nameOf)
  }
}

/** What is counted for each model. */
function modelMetrics({
  counter,
  gauge,
}: Pick<Makers, 'counter' | 'gauge'>): (
  memory: MemoryStatus['graphs'],
  performance: PerformanceStatus['graphs'],
  nameOf: (graph: number) => string,
) => void {
  const slots = gauge('wnn_slots', 'Decode slots by state.', ['model', 'state'])
  const cells = gauge('wnn_kv_tokens', 'Tokens in the KV cache.', ['model'])
  const steps = counter('wnn_engine_steps_total', 'Decode steps that generated a token for each running answer.', [
    'model',
  ])
  const passes = counter('wnn_engine_passes_total', 'Passes over the weights that these decode steps needed.', [
    'model',
  ])
  const drafted = counter('wnn_drafted_tokens_total', 'Guessed tokens that were checked.', ['model'])
  const accepted = counter('wnn_accepted_tokens_total', 'Guessed tokens that were accepted.', ['model'])
  return (memory, performance, nameOf) => {
    for (const each of [slots, cells, steps, passes, drafted, accepted]) each.reset()
    for (const {name: model, ...counts} of performance) {
      steps.inc({model}, counts.answer_steps)
      passes.inc({model}, counts.answer_passes)
      drafted.inc({model}, counts.drafted_tokens)
      accepted.inc({model}, counts.accepted_tokens)
    }
    for (const graph of memory) {
      const model = nameOf(graph.graph)
      const busy = graph.slots.filter((slot) => slot.busy).length
      slots.set({model, state: 'busy'}, busy)
      slots.set({model, state: 'idle'}, graph.slots.length - busy)
      cells.set({model}, graph.kv_tokens)
    }
  }
}
