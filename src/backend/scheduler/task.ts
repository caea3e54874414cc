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
  /** Takes the task back while it waits; while it runs, `run` gets the same signal. */
  signal?: AbortSignal | undefined
  /** Carries it out. `signal` says when to stop: the task's own, or the deadline with a `timeout` error as reason. */
  run: (signal: AbortSignal, waitedMs: number) => Promise<Result>
}

/** Something that happened to a task, for the log. */
export type SchedulerEvent =
  | {type: 'queued' | 'refused' | 'expired' | 'cancelled' | 'started'; session: string; queued: number; running: number}
  | {type: 'warning'; queued: number; threshold: number}

/**
 * What a running task that failed with `error` counts as. Once it was taken back, it fails in ways of its own: the
 * engine of an unloaded graph is gone, for one.
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
