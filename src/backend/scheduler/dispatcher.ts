import {Lanes} from './lanes.js'
import {TaskQueue, type QueueEntry, type QueueSettings} from './task-queue.js'

/** A task that runs or waits. */
export interface Dispatched extends QueueEntry {
  lane: number
  /** The task may run: it calls `begin`, unless it ends without running. */
  start: () => void
}

/** Starts tasks: at once, or when their lane has room and their session has no earlier task. */
export class Dispatcher<Entry extends Dispatched> {
  private readonly queue: TaskQueue<Entry>
  private readonly lanes = new Lanes()
  private readonly busySessions = new Set<string>()

  constructor(settings: QueueSettings, now: () => number) {
    this.queue = new TaskQueue(settings, now)
  }

  openLane(lane: number, capacity: number): void {
    this.lanes.open(lane, capacity)
    this.dispatch()
  }

  /** Returns the tasks that wait for it, which will not run. */
  closeLane(lane: number): Entry[] {
    this.lanes.close(lane)
    return this.queue.list().filter((entry) => entry.lane === lane)
  }

  pauseLane(lane: number, paused: boolean): void {
    this.lanes.pause(lane, paused)
    this.dispatch()
  }

  isOpen(lane: number): boolean {
    return this.lanes.isOpen(lane)
  }

  forgetSession(session: string): void {
    this.queue.forget(session)
  }

  /** Starts or queues the task, and returns which. @throws `runtime_error` when the queue is full. */
  offer(entry: Entry): 'started' | 'queued' {
    // A task that can run immediately never counts as waiting.
    if (this.canRun(entry) && !this.queue.holds(entry.session)) {
      entry.start()
      return 'started'
    }
    this.queue.add(entry)
    return 'queued'
  }

  /** Removes a task from the queue. The next one of its session may be able to run: call `dispatch` afterwards. */
  withdraw(entry: Entry): void {
    this.queue.remove(entry)
  }

  begin({lane, session}: Entry): void {
    this.lanes.enter(lane)
    this.busySessions.add(session)
    this.queue.noteTurn(session)
  }

  /** Releases what `begin` took: call `dispatch` afterwards. */
  end({lane, session}: Pick<Entry, 'lane' | 'session'>): void {
    this.lanes.leave(lane)
    this.busySessions.delete(session)
  }

  dispatch(): void {
    while (this.queue.size > 0 && this.lanes.haveRoom) {
      const next = this.queue.take((entry) => this.canRun(entry))
      if (next === undefined) break
      next.start()
    }
  }

  get queued(): number {
    return this.queue.size
  }

  get running(): number {
    return this.lanes.running
  }

  get queuedByPriority(): ReturnType<TaskQueue<Entry>['countByPriority']> {
    return this.queue.countByPriority()
  }

  private canRun({lane, session}: Entry): boolean {
    return this.lanes.hasRoom(lane) && !this.busySessions.has(session)
  }
}
