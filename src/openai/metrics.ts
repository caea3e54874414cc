import {Counter, Gauge, Histogram, Registry} from 'prom-client'
import type {OutputMetadata} from '../backend/contract/backend.js'
import type {ServedBackend} from './served-backend.js'

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Prometheus metrics of one server; times are seconds, as is usual there. */
export interface Metrics {
  answered: (metadata: OutputMetadata) => void
  requested: (route: string, status: number, ms: number) => void
  readonly contentType: string
  text: () => Promise<string>
}

export function createMetrics(backend: ServedBackend): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const histogram = (name: string, help: string, labelNames: string[] = []): Histogram =>
    new Histogram({name, help, labelNames, buckets: seconds, registers})
  const counter = (name: string, help: string, labelNames: string[] = []): Counter =>
    new Counter({name, help, labelNames, registers})
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({name, help, labelNames, registers})

  const requests = histogram('wnn_http_request_seconds', 'From the request to the end of the response.', [
    'route',
    'status',
  ])
  const ttft = histogram('wnn_time_to_first_token_seconds', 'From the start of the task, its wait included.')
  const gap = histogram('wnn_inter_token_seconds', 'Mean time between two tokens of an answer.')
  const wait = histogram('wnn_queue_wait_seconds', 'From the start of the task to its first step.')
  const prompt = counter('wnn_prompt_tokens_total', 'Prompt tokens of answers, cached ones included.')
  const cached = counter('wnn_cached_prompt_tokens_total', 'Prompt tokens that were found in a cache.')
  const generated = counter('wnn_generated_tokens_total', 'Tokens of answers.')
  const queued = gauge('wnn_queued_tasks', 'Tasks that wait.')
  const running = gauge('wnn_running_tasks', 'Tasks that run.')
  const ended = gauge('wnn_tasks', 'Tasks since the start, by how they ended.', ['outcome'])
  const sessions = gauge('wnn_sessions', 'Sessions that are kept.')
  const resident = gauge('wnn_resident_bytes', 'Resident memory by process.', ['process'])
  const slots = gauge('wnn_slots', 'Decode slots by state.', ['model', 'state'])
  const steps = counter('wnn_engine_steps_total', 'Decodes that made a token of each running answer.', ['model'])
  const passes = counter('wnn_engine_passes_total', 'Passes over the weights that these decodes took.', ['model'])
  const drafted = counter('wnn_drafted_tokens_total', 'Guessed tokens that were checked.', ['model'])
  const accepted = counter('wnn_accepted_tokens_total', 'Guessed tokens that came true.', ['model'])
  const cells = gauge('wnn_kv_tokens', 'Tokens in the KV cache.', ['model'])

  const collect = async (): Promise<void> => {
    const [queue, memory, session, model, performance] = await Promise.all([
      ...([backend.status('queue'), backend.status('memory')] as const),
      ...([backend.status('sessions'), backend.status('model'), backend.status('performance')] as const),
    ])
    queued.set(queue.queued)
    running.set(queue.running)
    for (const outcome of ['completed', 'failed', 'timed_out', 'refused', 'cancelled'] as const)
      ended.set({outcome}, queue[outcome])
    sessions.set(session.active)
    // Models come and go: a model that is gone has no metrics.
    for (const each of [resident, slots, cells, steps, passes, drafted, accepted]) each.reset()
    for (const {name, ...counts} of performance.graphs) {
      steps.inc({model: name}, counts.answer_steps)
      passes.inc({model: name}, counts.answer_passes)
      drafted.inc({model: name}, counts.drafted_tokens)
      accepted.inc({model: name}, counts.accepted_tokens)
    }
    resident.set({process: 'host'}, memory.host_rss_bytes)
    for (const graph of memory.graphs) {
      const name = model.graphs.find((other) => other.graph === graph.graph)?.name ?? String(graph.graph)
      const busy = graph.slots.filter((slot) => slot.busy).length
      resident.set({process: `engine ${name}`}, graph.engine_rss_bytes)
      slots.set({model: name, state: 'busy'}, busy)
      slots.set({model: name, state: 'idle'}, graph.slots.length - busy)
      cells.set({model: name}, graph.kv_tokens)
    }
  }

  return {
    answered: (metadata) => {
      ttft.observe(metadata.ttft_ms / 1000)
      wait.observe(Math.max(0, metadata.ttft_ms - metadata.prompt_ms) / 1000)
      if (metadata.output_tokens > 1) gap.observe(metadata.predict_ms / (metadata.output_tokens - 1) / 1000)
      prompt.inc(metadata.input_tokens)
      cached.inc(metadata.cached_tokens)
      generated.inc(metadata.output_tokens)
    },
    requested: (route, status, ms) => requests.observe({route, status: String(status)}, ms / 1000),
    contentType: registry.contentType,
    text: async () => {
      await collect()
      return registry.metrics()
    },
  }
}
