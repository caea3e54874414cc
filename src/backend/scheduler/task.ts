import type {TaskPriority} from '../backend.js'
import {NnError} from '../errors.js'
import type {Outcome} from './statistics.js'

export interface Task<Result> {
  priority: TaskPriority
  /** One task of a session runs at a time, in the order in which they were submitted. */
  session: string
  /** Tasks of a lane (a graph) run together up to its capacity. */
  lane: number
  /** Waiting and running together, in milliseconds; `Infinity` for none. */
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

/** What a task that failed with `error` counts as: its own signal's reason means that it was taken back. */
export function outcomeOf(error: unknown, {signal}: Task<unknown>): Outcome {
  if (signal?.aborted === true && error === signal.reason) return 'cancelled'
  return error instanceof NnError && error.code === 'timeout' ? 'timed_out' : 'failed'
}

export function timeoutError(timeoutMs: number): NnError {
  return new NnError('timeout', `The task did not finish within ${timeoutMs} ms of waiting and running.`, {
    hint: 'Raise backend.default_task_timeout_ms or give the request its own timeout_ms.',
  })
}

export function notLoaded(lane: number): NnError {
  return new NnError('runtime_error', `Graph ${lane} is not loaded any more; nothing can be computed on it.`)
}
