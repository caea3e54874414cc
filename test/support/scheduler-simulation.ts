import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {taskPriorities, type TaskPriority} from '../../src/config/index.js'
import {configFromObject} from '../../src/config/index.js'
import {NnError} from '../../src/errors.js'
import {Scheduler} from '../../src/backend/scheduler/scheduler.js'
import type {TaskOutcome} from '../../src/backend/scheduler/statistics.js'
import type {QueueStatus} from '../../src/backend/contract/status.js'
import {ManualClock} from './manual-clock.js'

/** A task to come. Times in milliseconds. */
export interface Plan {
  /** Since the task before it. */
  afterMs: number
  priority: TaskPriority
  session: string
  lane: number
  runMs: number
  fails: boolean
  timeoutMs: number
  /** When its caller takes it back, from its arrival; 0: before. */
  cancelMs: number
  /** What it does when it is to stop. */
  whenStopped: 'throws' | 'answers' | 'goes on'
}

/** What became of it. Numbers in `order` rise with each thing that happens to any task. */
export interface Lived extends Plan {
  level: number
  arrivedAt: number
  order: {arrived: number; started: number; stopped: number}
  startedAt: number
  endedAt: number
  starts: number
  outcome: TaskOutcome | undefined
}

export const plan = fc.record<Plan>({
  afterMs: fc.oneof(fc.constant(0), fc.nat(15)),
  priority: fc.constantFrom(...taskPriorities),
  session: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  lane: fc.constantFrom(0, 0, 1),
  runMs: fc.nat(40),
  fails: fc.boolean(),
  timeoutMs: fc.oneof(fc.constant(Infinity), fc.integer({min: 1, max: 80})),
  cancelMs: fc.oneof(fc.constant(Infinity), fc.constant(Infinity), fc.nat(60)),
  whenStopped: fc.constantFrom('throws', 'answers', 'goes on'),
})

export const capacities = [2, 1]

/** Carries the plans out on a manual clock, and looks after each thing that happens whether `check` holds. */
export async function simulate(
  plans: readonly Plan[],
  settings: object,
  check: (status: QueueStatus, tasks: readonly Lived[]) => void = () => undefined,
): Promise<{tasks: Lived[]; status: QueueStatus}> {
  const clock = new ManualClock()
  const tasks: Lived[] = []
  let happened = 0
  // What is thrown within a task would be that task's failure, so it waits for the end.
  const faults: unknown[] = []
  const look = (): void => {
    try {
      check(scheduler.status(), tasks)
    } catch (error) {
      faults.push(error)
    }
  }
  const scheduler = new Scheduler(configFromObject(settings).config.backend, look, clock)
  for (const [lane, capacity] of capacities.entries()) scheduler.openLane(lane, capacity)

  const submit = (each: Plan): void => {
    const order = {arrived: ++happened, started: Infinity, stopped: Infinity}
    const times = {arrivedAt: clock.now(), startedAt: Infinity, endedAt: Infinity}
    const task: Lived = {
      ...{...each, ...times, order, starts: 0, outcome: undefined},
      level: taskPriorities.indexOf(each.priority),
    }
    tasks.push(task)
    const stop = new AbortController()
    const cancel = (): void => stop.abort(new Error('taken back'))
    if (each.cancelMs === 0) cancel()
    else if (each.cancelMs < Infinity) clock.after(each.cancelMs, cancel)
    const run = async (signal: AbortSignal): Promise<void> => {
      Object.assign(task, {startedAt: clock.now(), starts: task.starts + 1})
      order.started = ++happened
      look()
      try {
        await running(each, signal, clock)
      } finally {
        order.stopped = ++happened
      }
    }
    const {priority, session, lane, timeoutMs} = each
    const end = (outcome: TaskOutcome): void => {
      Object.assign(task, {outcome, endedAt: clock.now()})
      look()
    }
    scheduler.submit({priority, session, lane, timeoutMs, signal: stop.signal, run}).then(
      () => end('completed'),
      (error: unknown) => end(outcomeOf(error, stop.signal)),
    )
  }

  for (const each of plans) {
    await clock.advance(each.afterMs)
    submit(each)
  }
  await clock.advance(1e6)
  if (faults.length > 0) throw faults[0]
  assert.is(clock.pending, 0)
  return {tasks, status: scheduler.status()}
}

function running({runMs, fails, whenStopped}: Plan, signal: AbortSignal, clock: ManualClock): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = clock.after(runMs, () => (fails ? reject(new Error('planned')) : resolve()))
    const stop = (): void => {
      if (whenStopped === 'goes on') return
      finish()
      if (whenStopped === 'answers') resolve()
      else reject(signal.reason as Error)
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
  })
}

function outcomeOf(error: unknown, {aborted}: AbortSignal): TaskOutcome {
  const {message} = error as Error
  if (message === 'taken back') return 'cancelled'
  if (message === 'planned') return aborted ? 'cancelled' : 'failed'
  if (!(error instanceof NnError)) throw error
  return error.code === 'timeout' ? 'timed_out' : 'refused'
}

/** Whether the task waited when `other` started, with nothing of its own session before it. */
export function couldHaveRun(task: Lived, other: Lived, tasks: readonly Lived[]): boolean {
  const now = other.order.started
  const waited = task.order.arrived < now && task.order.started > now && task.endedAt > other.startedAt
  return waited && !tasks.some((each) => each.session === task.session && isBefore(each, task, other))
}

/** Whether `each` runs, or waits with an earlier place than `task`, when `other` starts. */
function isBefore(each: Lived, task: Lived, other: Lived): boolean {
  const now = other.order.started
  const runs = each.order.started <= now && each.order.stopped > now
  // One that was taken out in the same moment may have been there until after this start.
  const left = each.starts === 0 && each.endedAt < other.startedAt
  return runs || (each.order.arrived < task.order.arrived && each.order.started > now && !left)
}
