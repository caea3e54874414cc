import {longestTimerMs, realClock, type Clock} from '../../system/clock.js'
import type {Config} from '../../config/index.js'
import type {QueueStatus} from '../contract/status.js'
import {Dispatcher, type Dispatched} from './dispatcher.js'
import {Statistics, type TaskOutcome} from './statistics.js'
import {notLoaded, outcomeOf, timeoutError, type SchedulerEvent, type Task} from './task.js'

/** How a task ended before its start. */
type Refusal = 'refused' | 'timed_out' | 'cancelled'
const refusalEvents = {refused: 'refused', timed_out: 'expired', cancelled: 'cancelled'} as const

interface Entry extends Dispatched {
  /** It will never run. */
  refuse: (outcome: Refusal, reason: Error) => void
}

/** Decides when each task runs: limits, priorities, turns and deadlines. */
export class Scheduler {
  private readonly dispatcher: Dispatcher<Entry>
  private readonly statistics = new Statistics()
  private warned = false

  constructor(
    private readonly settings: Config['backend'],
    private readonly onEvent: (event: SchedulerEvent) => void = () => undefined,
    private readonly clock: Clock = realClock,
  ) {
    this.dispatcher = new Dispatcher(
      {
        rejectThreshold: Math.min(settings.queue_size, settings.queue_reject_threshold),
        priorities: settings.priority_scheduling_enabled,
        fair: settings.fair_scheduling_enabled,
        agingMs: settings.priority_aging_ms,
      },
      () => clock.now(),
    )
  }

  /** @param capacity Tasks of the lane that run together, 1 or more. */
  openLane(lane: number, capacity: number): void {
    this.dispatcher.openLane(lane, capacity)
  }

  /** Waiting tasks of the lane fail with `runtime_error`, and so do new ones; running tasks continue. */
  closeLane(lane: number): void {
    for (const entry of this.dispatcher.closeLane(lane)) this.takeBack(entry, 'cancelled', notLoaded(lane))
  }

  /** While a lane is paused its tasks wait, until their deadlines. */
  pauseLane(lane: number, paused: boolean): void {
    this.dispatcher.pauseLane(lane, paused)
  }

  forgetSession(session: string): void {
    this.dispatcher.forgetSession(session)
  }

  /**
   * Runs the task when its turn comes.
   *
   * @throws `runtime_error` when the queue is full or the lane is closed, `timeout` past the deadline, the reason of
   * the task's signal if that cancelled it, otherwise what `run` throws.
   */
  async submit<Result>(task: Task<Result>): Promise<Result> {
    const {timeoutMs} = task
    const deadline = new AbortController()
    this.statistics.countSubmitted()
    const stopTimer =
      timeoutMs > 0 && timeoutMs <= longestTimerMs
        ? this.clock.after(timeoutMs, () => deadline.abort(timeoutError(timeoutMs)))
        : () => undefined
    try {
      const waitedMs = await this.turn(task, deadline.signal)
      return await this.runTask(task, deadline.signal, waitedMs)
    } finally {
      stopTimer()
    }
  }

  /** Waits until the task may run, and occupies its place. Returns the wait in milliseconds. */
  private turn(task: Task<unknown>, deadline: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const {priority, session, lane, signal} = task
      const cancel = (): void => this.takeBack(entry, 'cancelled', signal?.reason as Error)
      const expire = (): void => this.takeBack(entry, 'timed_out', deadline.reason as Error)
      const stopListening = (): void => {
        signal?.removeEventListener('abort', cancel)
        deadline.removeEventListener('abort', expire)
      }
      const entry: Entry = {
        ...{priority, session, lane, enqueuedAt: this.clock.now()},
        start: () => {
          // Without automatic clean-up, an expired task stayed in the queue until now.
          if (deadline.aborted) {
            entry.refuse('timed_out', deadline.reason as Error)
            return
          }
          stopListening()
          resolve(this.begin(entry))
        },
        refuse: (outcome, reason) => {
          stopListening()
          this.statistics.countEnded(outcome)
          this.report(refusalEvents[outcome], entry)
          reject(reason)
        },
      }
      signal?.addEventListener('abort', cancel)
      if (this.settings.auto_queue_cleanup) deadline.addEventListener('abort', expire)
      this.admit(entry, signal)
    })
  }

  private admit(entry: Entry, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) {
      entry.refuse('cancelled', signal.reason as Error)
      return
    }
    if (!this.dispatcher.isOpen(entry.lane)) {
      entry.refuse('refused', notLoaded(entry.lane))
      return
    }
    try {
      if (this.dispatcher.offer(entry) === 'started') return
    } catch (error) {
      entry.refuse('refused', error as Error)
      return
    }
    this.report('queued', entry)
    this.warnIfLong()
  }

  private takeBack(entry: Entry, outcome: Refusal, reason: Error): void {
    this.dispatcher.withdraw(entry)
    entry.refuse(outcome, reason)
    this.dispatch()
  }

  private begin(entry: Entry): number {
    const waitedMs = this.clock.now() - entry.enqueuedAt
    this.dispatcher.begin(entry)
    this.statistics.countStarted(waitedMs)
    this.report('started', entry)
    return waitedMs
  }

  private async runTask<Result>(task: Task<Result>, deadline: AbortSignal, waitedMs: number): Promise<Result> {
    const startedAt = this.clock.now()
    let outcome: TaskOutcome = 'completed'
    try {
      return await task.run(task.signal === undefined ? deadline : AbortSignal.any([task.signal, deadline]), waitedMs)
    } catch (error) {
      outcome = outcomeOf(error, task)
      throw error
    } finally {
      this.statistics.countEnded(outcome)
      this.statistics.countRun(this.clock.now() - startedAt)
      this.dispatcher.end(task)
      this.dispatch()
    }
  }

  private dispatch(): void {
    this.dispatcher.dispatch()
    if (this.dispatcher.queued < this.settings.queue_warning_threshold) this.warned = false
  }

  private warnIfLong(): void {
    const {queued} = this.dispatcher
    const threshold = this.settings.queue_warning_threshold
    if (this.warned || queued < threshold) return
    this.warned = true
    this.onEvent({type: 'warning', queued, threshold})
  }

  private report(type: Exclude<SchedulerEvent['type'], 'warning'>, {session}: Entry): void {
    const {queued, running} = this.dispatcher
    this.onEvent({type, session, queued, running})
  }

  status(): QueueStatus {
    const {settings, dispatcher} = this
    return {
      queued: dispatcher.queued,
      running: dispatcher.running,
      queue_size: settings.queue_size,
      max_concurrent: settings.max_concurrent,
      warning_threshold: settings.queue_warning_threshold,
      reject_threshold: settings.queue_reject_threshold,
      default_task_timeout_ms: settings.default_task_timeout_ms,
      priority_scheduling_enabled: settings.priority_scheduling_enabled,
      fair_scheduling_enabled: settings.fair_scheduling_enabled,
      priority_aging_ms: settings.priority_aging_ms,
      auto_queue_cleanup: settings.auto_queue_cleanup,
      queued_by_priority: dispatcher.queuedByPriority,
      ...this.statistics.report(),
    }
  }
}
