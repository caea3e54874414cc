/** The built program, which is what users run; sources would go through a loader that adds to functions. */
export async function importBuilt<T>(path: string): Promise<T> {
  return (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as T
}

/** Settings that all measurements of this project's own engine share. */
export function settings({
  sequences,
  threads,
  contextSize,
  generateTokens,
}: {
  sequences: number
  threads: number
  contextSize: number
  generateTokens: number
}): string {
  return JSON.stringify({
    ...{threads, ctx_size: contextSize, batch_size: 512, parallel: sequences, prompt_mode: 'raw', cache_prompt: false},
    ...{temp: 0, repeat_penalty: 1, ignore_eos: true, max_tokens: generateTokens, max_time_ms: 0},
    max_repetition_count: 0,
    ...{max_concurrent: sequences, max_sessions: 10 * sequences, queue_size: 10 * sequences},
    default_task_timeout_ms: 3_600_000,
  })
}
