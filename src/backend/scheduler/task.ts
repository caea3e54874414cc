import type {TaskPriority} from '../contract/types.js'
import {NnError} from '../../errors.js'

export interface Task<Result> {
  priority: TaskPriority
  /** One task of a session runs at a time, in the order in which they were submitted. */
  session: string
  /** Tasks of a lane (a graph) run together up to its capacity. */
  lane: number
  /** Waiting and running together, in milliseconds; `0` for no limit. */
  timeoutMs: number
  /** Cancels the task while it waits; while it runs, `run` gets the same signal. */
  signal?: AbortSignal | undefined
  /**
   * Runs the task. `signal` is aborted by the task's own signal, or at the deadline with a `timeout` error as reason.
   */
  run: (signal: AbortSignal, waitedMs: number) => Promise<Result>
}

/** An event of a task, for the log. */
export type SchedulerEvent =
  | {type: 'queued' | 'refused' | 'expired' | 'cancelled' | 'started'; session: string; queued: number; running: number}
  | {type: 'warning'; queued: number; threshold: number}

/**
 * The outcome of a running task that failed with `error`. A cancelled task may fail for other reasons, for example
 * because the engine of its unloaded graph is gone.
 */
export function outcomeOf(error: unknown, {signal}: Task<unknown>): 'timed_out' | 'cancelled' | 'failed' {
  if (error instanceof NnError && error.reason === 'deadline') return 'timed_out'
  return signal?.aborted === true ? 'cancelled' : 'failed'
}

export function timeoutError(timeoutMs: number): NnError {
  return new NnError('deadline', `The task did not finish within ${timeoutMs} ms, waiting included.`, {
    hint: 'Raise backend.default_task_timeout_ms, or set timeout_ms in the request; 0 means no limit.',
  })
}

export function notLoaded(lane: number): NnError {
  return new NnError('model_unloaded', `Graph ${lane} is no longer loaded.`)
}
