import {fromWire, NnError, toNnError} from '../../../errors.js'
import {resolveBatchSize} from '../../gguf/batch-size.js'
import {countedLayers} from '../../gguf/counted-layers.js'
import {ggmlType} from '../../gguf/tensor-types.js'
import {paddedContext} from '../../gguf/padded-context.js'
import type {Addon, AddonContext, AddonModel} from './addon-types.js'
import type {LoadedAddon} from './addon.js'
import {missingKernel} from './flash-kernels.js'
import {findKnownFailure} from '../../contract/known-failures.js'
import type {EngineInfo, EngineOptions} from '../protocol.js'
import {libuvPoolSize} from '../sampling-threads.js'

export interface Loaded {
  model: AddonModel
  context: AddonContext
  info: EngineInfo
}

/** Messages of llama.cpp during loading, which is the only place that has the reason of a failure. */
export interface LogTail {
  errors: () => Promise<string>
  find: (pattern: RegExp) => RegExpExecArray | undefined
}

/** Loads the model and creates its context. @throws `runtime_error` with llama.cpp's reason. */
export async function loadModel(
  {addon, build, commit, warnings: addonWarnings}: LoadedAddon,
  options: EngineOptions,
  log: LogTail,
  onProgress: (fraction: number) => void,
): Promise<Loaded> {
  const {model: settings, header, slots} = options
  const gpu = addon.getGpuType()
  if (typeof gpu !== 'string' && options.misfit != null) throw fromWire(options.misfit)
  const warnings = [...addonWarnings]
  const wantedLayers = resolveGpuLayers(addon, options)
  const batchSize = Math.max(resolveBatchSize(settings.batch_size, wantedLayers > 0), slots)
  if (settings.n_gpu_layers !== 0 && settings.n_gpu_layers !== 'auto' && (gpu === false || gpu === undefined)) {
    warnings.push(
      `n_gpu_layers is ${settings.n_gpu_layers}, but there is no GPU: 0/${countedLayers(header)} layers are offloaded.`,
    )
  }
  const slowCache = missingKernel(gpu, wantedLayers, settings)
  if (slowCache !== undefined) warnings.push(slowCache)
  if (settings.use_mlock && !addon.getSupportsMlock()) warnings.push('use_mlock has no effect on this machine.')
  addon.setNuma(settings.numa === 'disabled' ? false : settings.numa)

  const model = new addon.AddonModel(options.modelPath, {
    addonExports: addon,
    gpuLayers: wantedLayers,
    useMmap: settings.use_mmap,
    useMlock: settings.use_mlock && addon.getSupportsMlock(),
    onLoadProgress: onProgress,
  })
  await loaded(() => model.init(), 'The model could not be loaded', log)
  const context = new addon.AddonContext(model, {
    contextSize: paddedContext(settings.ctx_size) * slots,
    batchSize,
    sequences: slots,
    flashAttention: settings.flash_attention,
    swaFullCache: true,
    threads: settings.threads,
    kvCacheKeyType: cacheType(settings.cache_type_k),
    kvCacheValueType: cacheType(settings.cache_type_v),
  })
  await loaded(() => context.init(), 'The context could not be created', log, slowCache)
  const offloaded = log.find(/offloaded (\d+)\/(\d+) layers to GPU/)
  const info: EngineInfo = {
    ...describeEngine(addon, model, context, options),
    llamaBuild: build,
    llamaCommit: commit,
    layers: offloaded === undefined ? countedLayers(header) : Number(offloaded[2]),
    gpuLayers: offloaded === undefined ? 0 : Number(offloaded[1]),
    batchSize,
    warnings,
  }
  return {model, context, info}
}

type Described = Omit<EngineInfo, 'llamaBuild' | 'llamaCommit' | 'layers' | 'gpuLayers' | 'batchSize' | 'warnings'>

/** What llama.cpp reports of the loaded model. */
function describeEngine(
  addon: Addon,
  model: AddonModel,
  context: AddonContext,
  {header, slots}: EngineOptions,
): Described {
  const gpu = addon.getGpuType()
  const weights = model.getMemoryBreakdown()
  const buffers = context.getMemoryBreakdown()
  return {
    pid: process.pid,
    architecture: header.architecture,
    description: model.getModelDescription(),
    parameters: model.getTotalParameters(),
    sizeBytes: model.getTotalSize(),
    gpu: typeof gpu === 'string' ? [gpu, ...addon.getGpuDeviceInfo().deviceNames].join(': ') : null,
    contextSize: Math.floor(context.getContextSize() / slots),
    threads: context.getThreads(),
    samplingThreads: libuvPoolSize(process.env['UV_THREADPOOL_SIZE']),
    slots,
    trainContextSize: model.getTrainContextSize(),
    vocabularySize: header.vocabularySize,
    modelBytes: weights.cpuRam + weights.gpuVram,
    contextBytes: buffers.cpuRam + buffers.gpuVram,
    gpuBytes: weights.gpuVram + buffers.gpuVram,
  }
}

/** @param hint what may be the cause, unless the failure is a known one */
async function loaded(init: () => Promise<boolean>, what: string, log: LogTail, hint?: string): Promise<void> {
  let reason = ''
  try {
    if (await init()) return
  } catch (error) {
    reason = `: ${toNnError(error).message}`
  }
  const said = await log.errors()
  const known = findKnownFailure(`${said.replaceAll('; ', '\n')}\n${reason}`)?.hint ?? hint
  throw new NnError(
    'runtime_error',
    `${what}${reason === '' && said !== '' ? `: ${said}` : reason}`,
    known === undefined ? {} : {hint: known},
  )
}

function resolveGpuLayers(addon: Addon, {model, header, modelSizeBytes}: EngineOptions): number {
  const all = countedLayers(header)
  if (typeof addon.getGpuType() !== 'string') return 0
  if (model.n_gpu_layers === 'max') return all
  if (model.n_gpu_layers !== 'auto') return Math.min(model.n_gpu_layers, all)
  // As many layers as fit into the free memory, with a tenth of it left for the KV cache and the compute buffers.
  const {total, used} = addon.getGpuVramInfo()
  return Math.max(0, Math.min(all, Math.floor(((total - used) * 0.9) / (modelSizeBytes / all))))
}

/** An unknown name would silently become f16 in the binding, so numbers are given. */
export function cacheType(name: string): number {
  const type = ggmlType(name)
  if (type === undefined) throw new NnError('invalid_argument', `cache_type: llama.cpp has no type "${name}".`)
  return type.number
}
