/** libuv's maximum and default. */
const libuvPool = {most: 1024, size: 4}

/**
 * From this vocabulary size on, a sample costs more than what a decode loses on another thread (measured at 32,000 and
 * 151,936).
 */
const largeVocabulary = 100_000

/** For fewer answers, one thread is as fast. */
const manySlots = 8

/** Sampling starts with a copy of the logits under a lock, so more threads would wait for each other. */
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
 * How many threads sample, which is the size of the engine's libuv pool. The decode runs on one of them; the others run
 * on cores that it does not use. docs/benchmarks.md has the figures.
 */
export function planSamplingThreads({slots, vocabularySize, threads, cores}: SamplingSurroundings): number {
  if (slots < manySlots || vocabularySize < largeVocabulary) return 1
  return Math.max(1, Math.min(mostThreads, 1 + cores - threads))
}

/** The size that libuv derives from `UV_THREADPOOL_SIZE`: it uses C's `atoi` and treats the result as unsigned. */
export function libuvPoolSize(value: string | undefined): number {
  if (value === undefined) return libuvPool.size
  const size = Number.parseInt(value, 10) || 1
  return size < 0 ? libuvPool.most : Math.min(size, libuvPool.most)
}
