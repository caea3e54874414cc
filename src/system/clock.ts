/** The longest time that a timer waits, in milliseconds (24 days). Node.js fires a longer one at once. */
export const longestTimerMs = 2 ** 31 - 1

/** Time as the backend's pure code sees it; tests steer it by hand. */
export interface Clock {
  /** Monotonic, in milliseconds since some moment. */
  now(): number
  /**
   * Calls back once, `ms` from now (at most `longestTimerMs`); gives what cancels that. With `unref` the wait does not keep
   * the process alive. Defaults to `false`.
   */
  after(ms: number, callback: () => void, options?: {unref?: boolean}): () => void
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback, {unref = false} = {}) => {
    const timer = setTimeout(callback, ms)
    if (unref) timer.unref()
    return () => clearTimeout(timer)
  },
}
