import {nonsenseWarning} from '../../backend/contract/nonsense.js'
import {findKnownFailure} from '../../backend/contract/known-failures.js'
import type {BackendStatus, GraphStatus, MemoryStatus} from '../../backend/contract/status.js'
import {bytes, duration} from '../../terminal/units.js'
import {share, type Finding} from './finding.js'

/** From this share of a context on, an answer may no longer fit. */
const fullContext = 0.9
const fullMemory = 0.9

export function explainModels({model, memory}: BackendStatus): Finding[] {
  const {graphs} = model
  if (graphs.length === 0) {
    return [{level: 'hint', text: 'No model is loaded.', fix: 'Load one: wnn load model.gguf'}]
  }
  return [
    ...model.config_warnings.map(({message}): Finding => ({level: 'hint', text: message, fix: 'Fix --config.'})),
    ...graphs.flatMap((graph) => explainGraph(graph, memory)),
    ...explainLimit(memory),
  ]
}

function explainGraph(graph: GraphStatus, memory: MemoryStatus): Finding[] {
  const used = memory.graphs.find((one) => one.graph === graph.graph)
  return [
    ...explainGpu(graph),
    ...explainFile(graph),
    ...explainNonsense(graph),
    ...explainCrashes(graph),
    ...graph.config_warnings.map(({message}): Finding => ({
      level: 'hint',
      text: `${graph.name}: ${message}`,
      fix: 'Fix its --config or --set.',
    })),
    ...(used === undefined ? [] : [...explainEngine(graph, used), ...explainContext(graph, used)]),
  ]
}

/** Requested layers that are not on the GPU. */
function explainGpu({name, gpu, gpu_layers: have, layers, config, warnings}: GraphStatus): Finding[] {
  const {n_gpu_layers: wanted} = config.model
  const expected = typeof wanted === 'number' ? Math.min(wanted, layers) : layers
  if (have >= expected) return []
  const reason = warnings.filter((warning) => /gpu|cuda|vulkan|metal/i.test(warning)).join(' ')
  const text = `${name} has ${have} of ${layers} layers on the GPU, model.n_gpu_layers is ${wanted}. ${reason}`.trim()
  if (gpu === null) {
    return [{level: 'problem', text, fix: 'Install the GPU package (docs/gpu.md), or set model.n_gpu_layers to 0.'}]
  }
  return [{level: 'hint', text, fix: 'Lower model.ctx_size or model.parallel, or use a smaller quantization.'}]
}

/** A model that runs does not need its file, but an engine that starts does. */
function explainFile({name, path, state, failure, file_change: change}: GraphStatus): Finding[] {
  const fix = `Run wnn load ${path} --name ${name} to load the file as it is now, or put the old one back.`
  if (change === null) {
    if (state !== 'stopped' || failure === null) return []
    const again = 'The host tries again every ten seconds. Remove the reason, or unload the model.'
    return [{level: 'problem', text: `The engine of ${name} does not start: ${failure}`, fix: again}]
  }
  if (state === 'failed') return [{level: 'problem', text: `${name} does not answer: ${path} ${change}.`, fix}]
  return [{level: 'hint', text: `${path} ${change}. ${name} goes on, but it cannot be started again.`, fix}]
}

/** The engine looks at what the model computes when it loads it. */
function explainNonsense({name, warnings}: GraphStatus): Finding[] {
  return warnings
    .filter((warning) => warning.startsWith(nonsenseWarning))
    .map((warning) => ({
      level: 'problem',
      text: `${name}: ${warning}`,
      fix: 'Download the file again, or choose another one.',
    }))
}

/** Engines restart automatically, so nothing else reports the crash. */
function explainCrashes(graph: GraphStatus): Finding[] {
  const {name, state, crashes, last_crash: why, since_crash_ms: since, file_change: change} = graph
  const {crashes_by_requests: byRequests} = graph
  if (crashes === 0 || (state === 'failed' && change !== null)) return []
  const known = findKnownFailure(why ?? '')?.hint
  const last = `the last time ${duration(since ?? 0)} ago: ${why ?? 'for an unknown reason'}`
  if (state === 'failed') {
    const fix = known ?? `Run wnn unload ${name}, then load it with other settings or another file.`
    return [{level: 'problem', text: `${name} is not restarted: its engine died ${times(crashes)}, ${last}`, fix}]
  }
  const fix =
    known ??
    'Requests that ran at that time failed or were retried. If it happens again, lower model.ctx_size, model.parallel or model.batch_size, or try another file. See also logging.file.'
  const text = `The engine of ${name} died ${times(crashes)}, ${last}`
  if (byRequests === 0) return [{level: 'hint', text, fix}]
  const blamed = `Of these, ${times(byRequests)} because of a single request, which is rejected for ten minutes.`
  return [
    {
      level: 'hint',
      text: `${text} ${blamed}`,
      fix: 'The log has the requests: look for "engine died" in logging.file.',
    },
  ]
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function explainEngine(
  {name, state, failure}: GraphStatus,
  {engine_pid: pid, responsive}: MemoryStatus['graphs'][number],
): Finding[] {
  if (state === 'failed' || (pid === null && failure !== null)) return []
  if (pid === null) {
    const fix = 'The next request restarts it. If the file does this every time, it is damaged or not supported.'
    return [{level: 'problem', text: `The engine of ${name} died.`, fix}]
  }
  if (responsive) return []
  const fix =
    'If it is busy with long prompts, lower model.batch_size. If it does not recover, unload the model and load it again.'
  return [{level: 'problem', text: `The engine of ${name} (process ${pid}) does not answer.`, fix}]
}

function explainContext(graph: GraphStatus, {slots}: MemoryStatus['graphs'][number]): Finding[] {
  const {name, ctx_size: size, train_ctx_size: trained, config} = graph
  const fullest = Math.max(0, ...slots.map(({tokens}) => tokens))
  if (fullest < fullContext * size) return []
  const shifts = config.memory.context_shifting
  const then = shifts ? 'The oldest turns will be dropped' : 'Answers will end with context_full'
  const most = trained > size ? ` (the model was trained on ${trained})` : ''
  return [
    {
      level: shifts ? 'hint' : 'problem',
      text: `A conversation with ${name} uses ${share(fullest, size)} tokens of its context. ${then}.`,
      fix:
        trained > size || trained === 0
          ? `Raise model.ctx_size${most}.`
          : 'Start a new session: the model was not trained on a larger context.',
    },
  ]
}

function explainLimit({max_memory_mb: limitMb, graphs, host_rss_bytes: host}: MemoryStatus): Finding[] {
  const used = graphs.reduce((sum, {engine_rss_bytes: rss}) => sum + rss, host)
  const limit = limitMb * 1024 ** 2
  if (limitMb === 0 || used < fullMemory * limit) return []
  const text = `${bytes(used)} of the ${limitMb} MiB of memory.max_memory_mb are in use; another model may not fit.`
  return [{level: 'hint', text, fix: 'Unload a model, lower model.parallel, or raise memory.max_memory_mb.'}]
}
