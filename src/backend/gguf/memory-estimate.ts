import {readFile} from 'node:fs/promises'
import os from 'node:os'
import type {Config} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {largestBatchSize} from './batch-size.js'
import {ggmlType} from './tensor-types.js'
import type {GgufHeader} from './header.js'
import {paddedContext} from './padded-context.js'
import {repackedBytes} from './repacked.js'

/** Estimated memory of a model in bytes, before anything is allocated. */
export interface MemoryEstimate {
  weights: number
  /** Pages of the mapped file that stay resident next to repacked copies; the system can reclaim them. */
  mapped: number
  /** Keys and values of one slot. */
  cachePerSlot: number
  /** Memory that a slot needs while one of its tokens is sampled. */
  logitsPerSlot: number
  /** Activations of a batch. */
  compute: number
  /** The process itself, with llama.cpp's libraries and the vocabulary. */
  process: number
}

const processBytes = 88 * 1024 ** 2
/** A token of the vocabulary in llama.cpp's tables, its text and merge included. */
const vocabularyBytes = 300
/** A token's logits, and its place among the candidates of a sampler. */
const logitBytes = 16
/** More slots than this gain little on machines that run one engine. */
const mostAutomaticSlots = 8
/** Part of the free memory that automatic slots may fill with their caches. */
const automaticShare = 0.5

/**
 * Weights as in the file, a KV cache of every layer's keys and values at the configured precision, and the activations
 * of a batch in f32: three of the feed-forward's width and five of the model's are alive at a time. docs/benchmarks.md
 * compares it with the memory of real processes.
 */
export function estimateMemory(
  header: GgufHeader,
  model: Config['model'],
  arch: string = process.arch,
): MemoryEstimate {
  const {metadata, architecture, layers, fileBytes, vocabularySize} = header
  const number = (name: string, otherwise: number): number => {
    const value = metadata.get(`${architecture}.${name}`)
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : otherwise
  }
  const width = number('embedding_length', 4096)
  const heads = number('attention.head_count', 32)
  const kvHeads = number('attention.head_count_kv', heads)
  const headWidth = width / heads
  const perToken =
    kvHeads *
    (number('attention.key_length', headWidth) * bytesPerElement(model.cache_type_k) +
      number('attention.value_length', headWidth) * bytesPerElement(model.cache_type_v))
  const context = paddedContext(model.ctx_size)
  // Without flash attention the scores of all heads over the whole context exist at once.
  const scores = model.flash_attention === false ? heads * context : 0
  return {
    weights: fileBytes,
    mapped: model.use_mmap ? repackedBytes(header, arch) : 0,
    cachePerSlot: layers * perToken * context,
    logitsPerSlot: vocabularySize * logitBytes,
    compute: largestBatchSize(model) * 4 * (3 * number('feed_forward_length', 4 * width) + 5 * width + scores),
    process: processBytes + vocabularySize * vocabularyBytes,
  }
}

function bytesPerElement(name: string): number {
  const type = ggmlType(name)
  return type === undefined ? 2 : type.blockBytes / type.blockSize
}

/** The part that must fit: everything that the system cannot reclaim. */
export function totalBytes({weights, compute, process, ...perSlot}: MemoryEstimate, slots: number): number {
  return weights + (perSlot.cachePerSlot + perSlot.logitsPerSlot) * slots + compute + process
}

/** The maximum resident memory of the process, which counts for `max_memory_mb`. */
export function residentEstimate(estimate: MemoryEstimate, slots: number): number {
  return totalBytes(estimate, slots) + estimate.mapped
}

/** Decode slots for `parallel: "auto"`: one for each context that may be open, as far as memory goes, at most 8. */
export function automaticSlots(estimate: MemoryEstimate, maxConcurrent: number, availableBytes: number): number {
  const room = Math.max(0, availableBytes - totalBytes(estimate, 0)) * automaticShare
  const fitting = Math.floor(room / Math.max(1, estimate.cachePerSlot + estimate.logitsPerSlot))
  return Math.max(1, Math.min(maxConcurrent, mostAutomaticSlots, fitting))
}

/** The `too_large` error for a model that does not fit, with the numbers. */
export function findMisfit(
  path: string,
  estimate: MemoryEstimate,
  slots: number,
  availableBytes: number,
  contextSize: number,
): NnError | undefined {
  const needed = totalBytes(estimate, slots)
  if (needed <= availableBytes) return undefined
  const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`
  return new NnError(
    'model_too_large',
    `${path} needs about ${mib(needed)} (weights ${mib(estimate.weights)}, KV cache ${mib(estimate.cachePerSlot * slots)} ` +
      `for ${slots} x ${contextSize} tokens, compute ${mib(estimate.compute)}); ${mib(availableBytes)} are available.`,
    {
      hint: 'Lower model.ctx_size or model.parallel, use a smaller quantization, or raise memory.max_memory_mb if that is the limit.',
    },
  )
}

/**
 * Bytes that a new process may use: free memory including reclaimable caches, but at most what other models leave of
 * `max_memory_mb` (0: no limit). `freedBytes` is what one of those will have released by then.
 */
export async function availableMemory(
  maxMemoryMb: number,
  othersBytes = 0,
  freedBytes = 0,
  readText = readMeminfo,
): Promise<number> {
  const meminfo = await readText()
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1]
  const free = available === undefined ? os.freemem() : Number(available) * 1024
  const constrained = process.constrainedMemory()
  const limit = constrained > 0 && constrained < os.totalmem() ? process.availableMemory() : Infinity
  const allowed = maxMemoryMb > 0 ? Math.max(0, maxMemoryMb * 1024 ** 2 - othersBytes) : Infinity
  return Math.min(free, limit, allowed) + freedBytes
}

async function readMeminfo(): Promise<string> {
  return process.platform === 'linux' ? readFile('/proc/meminfo', 'utf8') : ''
}
