/** What libuv takes at most, and has when nothing is said. */
const libuvPool = {most: 1024, size: 4}

/** From here on a sample costs more than what a decode loses on another thread: measured at 32,000 and 151,936. */
const largeVocabulary = 100_000

/** Fewer answers are sampled as quickly by one thread. */
const manySlots = 8

/** Sampling begins with a copy of the logits under a lock, so that further threads would wait for each other. */
const mostThreads = 4

export interface SamplingSurroundings {
  slots: number
  vocabularySize: number
  /** Threads that decode. */
  threads: number
  /** Cores that the process may use. */
  cores: number
}

/**
 * How many threads sample, which is the size of the engine's libuv pool. The decode runs on one of them, and on cores
 * that it does not use the others run. docs/benchmarks.md has the figures.
 */
export function planSamplingThreads({slots, vocabularySize, threads, cores}: SamplingSurroundings): number {
  if (slots < manySlots || vocabularySize < largeVocabulary) return 1
  return Math.max(1, Math.min(mostThreads, 1 + cores - threads))
}

/** The size that libuv makes of `UV_THREADPOOL_SIZE`, which it reads as C's `atoi` and takes for unsigned. */
export function libuvPoolSize(value: string | undefined): number {
  if (value === undefined) return libuvPool.size
  const size = Number.parseInt(value, 10) || 1
  return size < 0 ? libuvPool.most : Math.min(size, libuvPool.most)
}
