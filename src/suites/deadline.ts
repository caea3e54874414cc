/** The time that was allowed for something is over. */
export class DeadlineError extends Error {}

/**
 * Runs `work` until it settles, the time is over (`DeadlineError`) or the parent is aborted (its reason). The signal
 * that it gets is aborted in both cases; work that goes on regardless is left behind.
 */
export async function withDeadline<T>(
  limitMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  parent?: AbortSignal,
): Promise<T> {
  parent?.throwIfAborted()
  const own = new AbortController()
  // `AbortSignal.timeout` would not keep the process alive for a call that never settles.
  const timer = setTimeout(() => {
    own.abort(new DeadlineError(`${what} did not end within ${limitMs} ms`))
  }, limitMs)
  const signal = parent === undefined ? own.signal : AbortSignal.any([own.signal, parent])
  try {
    return await Promise.race([rejectOnAbort(signal), work(signal)])
  } finally {
    clearTimeout(timer)
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), {once: true})
  })
}
