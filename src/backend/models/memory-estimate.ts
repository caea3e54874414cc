import {readFile} from 'node:fs/promises'
import os from 'node:os'
import type {Config} from '../config/index.js'
import {NnError} from '../errors.js'
import {ggmlType} from './ggml-types.js'
import type {GgufHeader} from './gguf.js'
import {paddedContext} from './padded-context.js'

/** What a model will take, in bytes, before anything is allocated. */
export interface MemoryEstimate {
  weights: number
  /** Keys and values of one slot. */
  cachePerSlot: number
  /** Activations and the logits of a batch. */
  compute: number
  /** The process itself, with llama.cpp's libraries. */
  process: number
}

const processBytes = 96 * 1024 ** 2
/** Slots beyond these bring little on machines that run one engine. */
const mostAutomaticSlots = 8
/** Part of the free memory that automatic slots may fill with their caches. */
const automaticShare = 0.5

/**
 * Weights as in the file, a KV cache of every layer's keys and values at the configured precision, and a compute
 * buffer after llama.cpp's largest intermediate results (feed-forward and logits of one batch, in f32).
 */
export function estimateMemory(
  {metadata, architecture, layers, fileBytes, vocabularySize}: GgufHeader,
  model: Config['model'],
): MemoryEstimate {
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
  const widest = Math.max(number('feed_forward_length', 4 * width) * 2, width * 4)
  return {
    weights: fileBytes,
    cachePerSlot: layers * perToken * paddedContext(model.ctx_size),
    compute:
      model.batch_size * 4 * (widest + Math.min(vocabularySize, 4 * width)) + vocabularySize * 4 * mostAutomaticSlots,
    process: processBytes,
  }
}

function bytesPerElement(name: string): number {
  const type = ggmlType(name)
  return type === undefined ? 2 : type.blockBytes / type.blockSize
}

export function totalBytes({weights, cachePerSlot, compute, process}: MemoryEstimate, slots: number): number {
  return weights + cachePerSlot * slots + compute + process
}

/** Decode slots for `parallel: "auto"`: one for each context that may be open, as far as memory goes, at most 8. */
export function automaticSlots(estimate: MemoryEstimate, maxConcurrent: number, availableBytes: number): number {
  const room = Math.max(0, availableBytes - totalBytes(estimate, 0)) * automaticShare
  const fitting = Math.floor(room / Math.max(1, estimate.cachePerSlot))
  return Math.max(1, Math.min(maxConcurrent, mostAutomaticSlots, fitting))
}

/** The `too_large` error, with the numbers, of a model that would not fit. */
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
    'too_large',
    `${path} needs about ${mib(needed)} (weights ${mib(estimate.weights)}, KV cache ${mib(estimate.cachePerSlot * slots)} ` +
      `for ${slots} x ${contextSize} tokens, compute ${mib(estimate.compute)}); ${mib(availableBytes)} are free.`,
    {
      hint: 'Lower model.ctx_size or model.parallel, choose a smaller quantization, or raise memory.max_memory_mb if that is the limit.',
    },
  )
}

/**
 * Bytes that a new process may take: free memory with reclaimable caches, and no more than what other models leave of
 * `max_memory_mb` (0: no limit). `freedBytes` is what one of those will have given back by then.
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
