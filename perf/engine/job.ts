/** The input of every competitor. Sizes are in tokens. */
export interface Job {
  model: string
  sequences: number
  threads: number
  promptTokens: number
  generateTokens: number
}

/** One way to run llama.cpp, loaded and ready. */
export interface Competitor {
  /** The process that decodes. */
  pid: number
  /** Generates for all prompts at the same time. Returns the total number of generated tokens. */
  generate: (prompts: readonly string[]) => Promise<number>
}

/** The most tokens of one decode, for all competitors. llama.cpp's tools have the same default. */
export const batchSize = 512

export function contextSize({promptTokens, generateTokens}: Job): number {
  return Math.ceil((promptTokens + generateTokens + 1) / 256) * 256
}

export type Request = {type: 'load'; job: Job} | {type: 'run'; seed: number; repeats: number}

export type Reply =
  | {type: 'loaded'; pid: number; hostPid: number}
  | {type: 'ran'; wallMs: number; tokens: number}
  | {type: 'failed'; reason: string}

/**
 * Prompts of exactly this many tokens, for every model with Qwen's tokenizer, which never joins two digits. No two of
 * them share a prefix, so that no prefix cache helps.
 */
export function digitPrompts(job: Job, seed: number): string[] {
  return Array.from({length: job.sequences}, (_, sequence) => {
    let state = (seed * 1009 + sequence * 65_537 + 12_345) >>> 0
    const digits = Array.from({length: job.promptTokens}, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return (state >>> 24) % 10
    })
    return digits.join('')
  })
}
