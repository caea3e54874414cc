import type {ExecutionContext} from './contexts/execution-context.js'
import {noDecodes} from '../engine/decode-counts.js'
import {NnError} from '../../errors.js'
import {residentBytes} from '../memory/resident.js'
import {largestBatchSize} from '../gguf/batch-size.js'
import {countedLayers} from '../gguf/counted-layers.js'
import type {Graph} from '../models/graph.js'
import type {LoadedModel} from '../models/loaded-model.js'
import type {Parts} from './parts.js'
import type {BackendStatus, GraphStatus, MemoryStatus, PerformanceStatus, StatusType} from '../contract/status.js'

type Reporters = {[T in StatusType]: (parts: Parts) => Promise<BackendStatus[T]> | BackendStatus[T]}

const reporters: Reporters = {
  queue: ({scheduler}) => scheduler.status(),
  memory: async ({config, registry, caches, disks}): Promise<MemoryStatus> => ({
    host_rss_bytes: process.memoryUsage.rss(),
    max_memory_mb: config.memory.max_memory_mb,
    saved_caches: caches.status(),
    disks: await disks.look(),
    graphs: await Promise.all(registry.list().map(reportMemory)),
  }),
  sessions: ({config: {backend}, sessions, contexts, state}) => {
    const open = contexts.list()
    return {
      max_sessions: backend.max_sessions,
      idle_timeout_ms: backend.idle_timeout_ms,
      auto_cleanup: backend.auto_cleanup,
      active: sessions.size,
      state_dir: state?.folder ?? null,
      write_error: state?.problem ?? null,
      sessions: sessions.list().map(({session, idleMs}) => ({
        id: session.id,
        messages: session.messages.length,
        contexts: open.filter((context) => context.session === session).map(({id}) => id),
        idle_ms: idleMs,
        cached_tokens: session.cachedTokens,
        cache: session.cacheSource,
        dropped_messages: session.leftOut.messages,
      })),
      removed: sessions.removed,
      contexts: open.map((context) => ({
        context: context.id,
        graph: context.graph.id,
        session: context.session.id,
        state: stateOf(context),
      })),
    }
  },
  performance: async ({journal: {totals}, startedAt, registry}): Promise<PerformanceStatus> => ({
    tasks: totals.tasks,
    prompt_tokens: totals.promptTokens,
    cached_tokens: totals.cachedTokens,
    generated_tokens: totals.generatedTokens,
    shortened_prompts: totals.shortenedPrompts,
    prompt_tokens_per_second: perSecond(totals.promptTokens - totals.cachedTokens, totals.promptMs),
    generated_tokens_per_second: perSecond(totals.generatedTokens, totals.predictMs),
    uptime_ms: performance.now() - startedAt,
    graphs: await Promise.all(registry.list().map(reportDecodes)),
  }),
  model: async ({config, configWarnings, registry}) => ({
    config,
    config_warnings: [...configWarnings],
    graphs: await Promise.all(registry.list().map(reportGraph)),
  }),
}

export async function report<T extends StatusType>(type: T, parts: Parts): Promise<BackendStatus[T]> {
  return reporters[type](parts)
}

function stateOf({computing, single}: ExecutionContext): 'computing' | 'stepping' | 'open' {
  if (computing > 0) return 'computing'
  return single === undefined ? 'open' : 'stepping'
}

function perSecond(count: number, ms: number): number {
  return ms > 0 ? (count * 1000) / ms : 0
}

/** A graph and the settings of its engine. */
export async function reportGraph({id, name, model, switching}: Graph): Promise<GraphStatus> {
  const change = await model.look()
  const {parts, info} = model
  const {header, config, configWarnings, warnings, engineOptions} = parts
  return {
    ...{graph: id, name, path: engineOptions.modelPath, content_id: model.content},
    ...{config, config_warnings: [...configWarnings]},
    ...{state: switching ? 'switching' : model.state, crashes: model.crashCount, last_crash: model.lastCrash ?? null},
    since_crash_ms: model.sinceCrashMs ?? null,
    crashes_by_requests: model.blamedCrashes,
    failure: model.failure,
    file_change: change?.what ?? null,
    architecture: header.architecture,
    parameters: info?.parameters ?? 0,
    size_bytes: header.fileBytes,
    layers: info?.layers ?? countedLayers(header),
    gpu_layers: info?.gpuLayers ?? 0,
    gpu: info?.gpu ?? null,
    // llama.cpp allocates a multiple of 256; a conversation may fill what is configured.
    ctx_size: Math.min(info?.contextSize ?? Infinity, config.model.ctx_size),
    batch_size: info?.batchSize ?? largestBatchSize(config.model),
    threads: info?.threads ?? engineOptions.model.threads,
    sampling_threads: info?.samplingThreads ?? engineOptions.samplingThreads,
    parallel: engineOptions.slots,
    train_ctx_size: info?.trainContextSize ?? 0,
    llama_build: info?.llamaBuild ?? '',
    llama_commit: info?.llamaCommit ?? '',
    warnings: [...warnings, ...(info?.warnings ?? [])],
  }
}

async function reportMemory({id, model}: Graph): Promise<MemoryStatus['graphs'][number]> {
  const found = await model.running?.inspect().catch((error: unknown) => unlessSilent(model, error))
  const slots = found?.slots
  // Looked up again, because it may have died during the request.
  const engine = model.running
  return {
    graph: id,
    engine_pid: engine?.pid ?? null,
    engine_rss_bytes: engine === undefined ? 0 : await residentBytes(engine.pid),
    model_bytes: engine?.info.modelBytes ?? 0,
    context_bytes: engine?.info.contextBytes ?? 0,
    gpu_bytes: engine?.info.gpuBytes ?? 0,
    responsive: slots !== undefined,
    kv_tokens: (slots ?? []).reduce((sum, {tokens}) => sum + tokens, 0),
    slots: slots ?? [],
  }
}

/** The counts of an engine that does not run or does not answer are 0; they restart with each process. */
async function reportDecodes({id, name, model}: Graph): Promise<PerformanceStatus['graphs'][number]> {
  const found = await model.running?.inspect().catch((error: unknown) => unlessSilent(model, error))
  const counts = found?.counts ?? noDecodes
  const {answer_steps: steps, answer_passes: passes} = counts
  return {graph: id, name, ...counts, passes_per_step: steps > 0 ? passes / steps : null}
}

/** An engine that dies during the request, or is stuck, has no slots to report; any other failure is an error. */
function unlessSilent(model: LoadedModel, error: unknown): undefined {
  const stuck = error instanceof NnError && error.reason === 'engine_silent'
  if (model.running === undefined || stuck) return undefined
  throw error
}
