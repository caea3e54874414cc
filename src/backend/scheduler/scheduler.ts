import type {TaskPriority} from '../backend.js'
import type {Config} from '../config/index.js'
import {NnError} from '../errors.js'
import type {QueueStatus} from '../status.js'
import {TaskQueue, type QueueEntry} from './task-queue.js'

export interface Task<Result> {
  priority: TaskPriority
  /** One task of a session runs at a time. */
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

interface Entry extends QueueEntry {
  lane: number
  start: () => void
}

/** Something that happened to a task, for the log. */
export type SchedulerEvent =
  | {type: 'queued' | 'refused' | 'expired' | 'started'; session: string; queued: number; running: number}
  | {type: 'warning'; queued: number; threshold: number}

/** Decides which task runs when: limits, priorities, turns and deadlines. */
export class Scheduler {
  private readonly queue: TaskQueue<Entry>
  private readonly capacities = new Map<number, number>()
  private readonly running = new Map<number, number>()
  private readonly busySessions = new Set<string>()
  private readonly counters = {completed: 0, failed: 0, timed_out: 0, refused: 0}
  private warned = false

  constructor(
    private readonly settings: Config['backend'],
    private readonly onEvent: (event: SchedulerEvent) => void = () => undefined,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.queue = new TaskQueue(
      {
        rejectThreshold: Math.min(settings.queue_size, settings.queue_reject_threshold),
        priorities: settings.priority_scheduling_enabled,
        fair: settings.fair_scheduling_enabled,
      },
      now,
    )
  }

  openLane(lane: number, capacity: number): void {
    this.capacities.set(lane, capacity)
  }

  closeLane(lane: number): void {
    this.capacities.delete(lane)
  }

  forgetSession(session: string): void {
    this.queue.forget(session)
  }

  /** @throws `runtime_error` when the queue is full, `timeout` past the deadline, what `run` throws otherwise. */
  async submit<Result>(task: Task<Result>): Promise<Result> {
    const deadline = new AbortController()
    const signal = task.signal === undefined ? deadline.signal : AbortSignal.any([task.signal, deadline.signal])
    const enqueuedAt = this.now()
    const timer = Number.isFinite(task.timeoutMs)
      ? setTimeout(() => deadline.abort(timeoutError(task.timeoutMs)), task.timeoutMs)
      : undefined
    try {
      const release = await this.turn(task, deadline.signal, enqueuedAt)
      return await this.carryOut(task, signal, this.now() - enqueuedAt).finally(release)
    } finally {
      clearTimeout(timer)
    }
  }

  private async carryOut<Result>(task: Task<Result>, signal: AbortSignal, waitedMs: number): Promise<Result> {
    try {
      const result = await task.run(signal, waitedMs)
      this.counters.completed++
      return result
    } catch (error) {
      this.count(error)
      throw error
    }
  }

  /** Waits until the task may run; gives what ends its turn. */
  private turn(task: Task<unknown>, deadline: AbortSignal, enqueuedAt: number): Promise<() => void> {
    return new Promise((resolve, reject) => {
      task.signal?.throwIfAborted()
      const leave = ({target}: {target: unknown}): void => {
        this.queue.remove(entry)
        this.report('expired', task)
        refuse((target as AbortSignal).reason as Error)
      }
      const refuse = (reason: Error): void => {
        this.count(reason)
        reject(reason)
      }
      const {priority, session, lane} = task
      const start = (): void => {
        task.signal?.removeEventListener('abort', leave)
        deadline.removeEventListener('abort', leave)
        // Without automatic clean-up an expired task has kept its place until now.
        if (deadline.aborted) {
          refuse(deadline.reason as Error)
          return
        }
        resolve(this.begin(task))
      }
      const entry: Entry = {priority, session, lane, enqueuedAt, start}
      // A task that can run at once never counts as waiting.
      if (this.canRun(entry) && !this.someoneWaitsBefore(entry)) {
        start()
        return
      }
      this.admit(entry)
      task.signal?.addEventListener('abort', leave)
      if (this.settings.auto_queue_cleanup) deadline.addEventListener('abort', leave)
      this.report('queued', task)
      this.warnIfLong()
    })
  }

  /** Takes the task's place; gives what gives it back. */
  private begin(task: Task<unknown>): () => void {
    const {lane, session} = task
    this.running.set(lane, (this.running.get(lane) ?? 0) + 1)
    this.busySessions.add(session)
    this.report('started', task)
    return () => {
      this.running.set(lane, (this.running.get(lane) ?? 1) - 1)
      this.busySessions.delete(session)
      this.dispatch()
    }
  }

  private admit(entry: Entry): void {
    try {
      this.queue.add(entry)
    } catch (error) {
      this.counters.refused++
      this.onEvent({type: 'refused', session: entry.session, queued: this.queue.size, running: this.runningCount})
      throw error
    }
  }

  private someoneWaitsBefore(entry: Entry): boolean {
    return this.queue.some((other) => other.lane === entry.lane && this.canRun(other))
  }

  private canRun({lane, session}: Entry): boolean {
    return (this.running.get(lane) ?? 0) < (this.capacities.get(lane) ?? 0) && !this.busySessions.has(session)
  }

  private dispatch(): void {
    for (;;) {
      const entry = this.queue.take((waiting) => this.canRun(waiting))
      if (entry === undefined) break
      entry.start()
    }
    if (this.queue.size < this.settings.queue_warning_threshold) this.warned = false
  }

  private warnIfLong(): void {
    const threshold = this.settings.queue_warning_threshold
    if (this.warned || this.queue.size < threshold) return
    this.warned = true
    this.onEvent({type: 'warning', queued: this.queue.size, threshold})
  }

  private count(error: unknown): void {
    if (error instanceof NnError && error.code === 'timeout') this.counters.timed_out++
    else this.counters.failed++
  }

  private report(type: 'queued' | 'refused' | 'expired' | 'started', {session}: Task<unknown>): void {
    this.onEvent({type, session, queued: this.queue.size, running: this.runningCount})
  }

  private get runningCount(): number {
    return [...this.running.values()].reduce((sum, count) => sum + count, 0)
  }

  status(): QueueStatus {
    const {settings} = this
    return {
      queued: this.queue.size,
      running: this.runningCount,
      queue_size: settings.queue_size,
      max_concurrent: settings.max_concurrent,
      warning_threshold: settings.queue_warning_threshold,
      reject_threshold: settings.queue_reject_threshold,
      default_task_timeout_ms: settings.default_task_timeout_ms,
      priority_scheduling_enabled: settings.priority_scheduling_enabled,
      fair_scheduling_enabled: settings.fair_scheduling_enabled,
      auto_queue_cleanup: settings.auto_queue_cleanup,
      queued_by_priority: this.queue.countByPriority(),
      ...this.counters,
    }
  }
}

function timeoutError(timeoutMs: number): NnError {
  return new NnError('timeout', `The task did not finish within ${timeoutMs} ms of waiting and running.`, {
    hint: 'Raise backend.default_task_timeout_ms or give the request its own timeout_ms.',
  })
}
