import {createHash} from 'node:crypto'
import path from 'node:path'
import {defaultConfig, type Config, type ParsedConfig} from '../../config/index.js'
import type {EngineLogLevel, EngineOptions, StoreSettings} from '../engine/protocol.js'
import {planSamplingThreads} from '../engine/sampling-threads.js'
import {NnError, systemReason, toWire} from '../../errors.js'
import type {CacheFolder} from '../memory/cache-folder.js'
import {readGgufHeader, type GgufHeader} from '../gguf/header.js'
import {contentIdentity, rememberedDigest} from '../../system/file-digest.js'
import {ModelFiles} from './model-files.js'
import {automaticSlots, availableMemory, estimateMemory, findMisfit, residentEstimate} from '../gguf/memory-estimate.js'
import {plural} from '../../terminal/units.js'

export interface PreparedModel extends Pick<ParsedConfig, 'config'> {
  header: GgufHeader
  warnings: string[]
  engineOptions: EngineOptions
  files: ModelFiles
}

export interface Surroundings {
  /** Cores that the process may use. */
  cores: number
  logLevel: EngineLogLevel
  /** Expected memory of the other loaded models, in bytes. */
  othersBytes: number
  /** Memory that a model which ends before this one starts will free, in bytes. */
  freedBytes?: number
  /** The folder for saved caches. */
  caches: CacheFolder
}

/**
 * Reads and checks a model's file and decides how to run it. Starts nothing.
 * @throws `model_not_found`, `invalid_argument` for a file that would crash llama.cpp, `too_large`.
 */
export async function prepareModel(
  modelPath: string,
  config: Config,
  {cores, logLevel, othersBytes, freedBytes = 0, caches}: Surroundings,
): Promise<PreparedModel> {
  const header = await readGgufHeader(modelPath)
  const {model} = config
  const chatTemplate = model.chat_template ?? header.chatTemplate
  const warnings: string[] = []
  // More threads than cores means: as many as are useful.
  const threads = model.threads > cores ? defaultConfig(cores).model.threads : model.threads
  if (threads < model.threads) {
    warnings.push(
      `model.threads is ${model.threads}, but the process may use ${plural(cores, 'core')} only; it uses ${plural(threads, 'thread')}.`,
    )
  }
  if ((chatTemplate ?? '').trim() === '') warnings.push('The file has no chat template; ChatML is used.')
  const canShift = survivesShift(header, model.cache_type_k)
  if (config.memory.context_shifting && !canShift) {
    warnings.push(
      `llama.cpp cannot shift the context of this model with cache_type_k ${model.cache_type_k}: an answer that fills the context ends with context_full. Use cache_type_k f16 or f32.`,
    )
  }
  const estimate = estimateMemory(header, model)
  const available = await availableMemory(config.memory.max_memory_mb, othersBytes + estimate.mapped, freedBytes)
  const slots =
    model.parallel === 'auto' ? automaticSlots(estimate, config.backend.max_concurrent, available) : model.parallel
  const misfit = findMisfit(header.path, estimate, slots, available, model.ctx_size)
  // With layers on a GPU, the file's size says little about the memory needed here. Only the engine knows whether there
  // is a GPU.
  if (misfit !== undefined && model.n_gpu_layers === 0) throw misfit
  const {architecture, layers, vocabularySize, fileBytes} = header
  const pooling = Number(header.metadata.get(`${architecture}.pooling_type`) ?? 0)
  const {store, digest} = await storeOf(header.files, config, slots, caches).catch((error: unknown) => {
    warnings.push(`Caches are not saved: ${reasonOf(error)}`)
    return nothingSaved
  })
  const engineOptions: EngineOptions = {
    modelPath: header.path,
    header: {architecture, layers, vocabularySize, chatTemplate, pooling},
    model: {...model, threads},
    performance: config.performance,
    store,
    canShift,
    partialCaches: config.memory.enable_partial_cache_deletion,
    modelSizeBytes: fileBytes,
    slots,
    samplingThreads: planSamplingThreads({slots, vocabularySize, threads, cores}),
    estimatedBytes: residentEstimate(estimate, slots),
    misfit: misfit === undefined ? null : toWire(misfit),
    logLevel,
  }
  return {header, config, warnings, engineOptions, files: await ModelFiles.of(header.files, digest)}
}

/**
 * Each model has its own folder of saved caches, named after everything that decides their contents; the engine adds
 * the llama.cpp build. Other contents or settings use another folder and never find these caches.
 */
async function storeOf(
  files: readonly string[],
  config: Config,
  slots: number,
  caches: CacheFolder,
): Promise<{store: StoreSettings | null; digest: string | undefined}> {
  const {cache_prompt, max_cache_tokens: most, enable_partial_cache_deletion: partial} = config.memory
  if (!cache_prompt || most === 0 || caches.maxBytes === 0) return nothingSaved
  const {durable} = caches
  const {cache_type_k, cache_type_v, ctx_size, flash_attention, n_gpu_layers} = config.model
  const content = durable ? await rememberedDigest(files, caches.folder) : await contentIdentity(files)
  // llama.cpp refuses a sequence of a context with another number of them (`n_stream` in src/llama-kv-cache.cpp).
  const settings = {content, slots, cache_type_k, cache_type_v, ctx_size, flash_attention, n_gpu_layers}
  const name = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 32)
  const maxTokens = most === 'auto' ? Infinity : most
  const store = {folder: path.join(caches.folder, name), durable, maxTokens, partial}
  return {store, digest: durable ? content : undefined}
}

const nothingSaved = {store: null, digest: undefined}

/** Of a system error its meaning, without the system call. */
function reasonOf(error: unknown): string {
  return error instanceof NnError ? error.message : `${systemReason(error)}.`
}

/**
 * Shifting rotates the keys again. llama.cpp v0.5.0 aborts for bf16, and dereferences a null pointer for quantized keys
 * unless a head's width is a multiple of 64 (`build_rope_shift` in src/llama-kv-cache.cpp).
 */
function survivesShift({metadata, architecture}: GgufHeader, keys: string): boolean {
  if (keys === 'f16' || keys === 'f32') return true
  const number = (name: string): number => Number(metadata.get(`${architecture}.${name}`) ?? NaN)
  const width = metadata.has(`${architecture}.attention.key_length`)
    ? number('attention.key_length')
    : number('embedding_length') / number('attention.head_count')
  return keys !== 'bf16' && width % 64 === 0
}
