import {taskPriorities, type TaskPriority} from '../backend.js'
import {NnError} from '../errors.js'

export interface QueueSettings {
  /** Waiting tasks that are accepted; the next one is refused. */
  rejectThreshold: number
  priorities: boolean
  fair: boolean
}

/** A task that waits. */
export interface QueueEntry {
  priority: TaskPriority
  /** Tasks of one session run one after the other, and sessions of one priority take turns. */
  session: string
  /** On the queue's clock, in milliseconds. */
  enqueuedAt: number
}

/** With fair scheduling a waiting task counts as one priority higher after each of these spans. */
export const agingStepMs = 5000

/**
 * Tasks that wait for a slot, and which of them is next.
 *
 * Order: effective priority, then the session that was served longest ago, then arrival. With fair scheduling the
 * effective priority rises with the wait, so a low task overtakes urgent ones that came more than three steps after
 * it: it waits at most three steps longer than the tasks before it take.
 */
export class TaskQueue<Entry extends QueueEntry> {
  private readonly entries = new Set<Entry>()
  private readonly served = new Map<string, number>()
  private turns = 0

  constructor(
    private readonly settings: QueueSettings,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.entries.size
  }

  countByPriority(): Record<TaskPriority, number> {
    const counts = {low: 0, normal: 0, high: 0, urgent: 0}
    for (const {priority} of this.entries) counts[priority]++
    return counts
  }

  /** @throws `runtime_error` when the queue is full. */
  add(entry: Entry): void {
    const {rejectThreshold} = this.settings
    if (this.entries.size >= rejectThreshold) {
      throw new NnError(
        'runtime_error',
        `The queue is full: ${this.entries.size} tasks wait, ${rejectThreshold} are allowed.`,
        {
          hint: 'Try again later, or raise backend.queue_size.',
        },
      )
    }
    this.entries.add(entry)
  }

  remove(entry: Entry): boolean {
    return this.entries.delete(entry)
  }

  some(matches: (entry: Entry) => boolean): boolean {
    for (const entry of this.entries) if (matches(entry)) return true
    return false
  }

  /** Takes out the next task among those that can run now. */
  take(canRun: (entry: Entry) => boolean): Entry | undefined {
    let best: Entry | undefined
    for (const entry of this.entries)
      if (canRun(entry) && (best === undefined || this.before(entry, best))) best = entry
    if (best === undefined) return undefined
    this.entries.delete(best)
    this.served.set(best.session, ++this.turns)
    return best
  }

  /** A session that is gone needs no turn. */
  forget(session: string): void {
    this.served.delete(session)
  }

  private before(a: Entry, b: Entry): boolean {
    const rank = this.rank(a) - this.rank(b)
    if (rank !== 0) return rank > 0
    if (this.settings.fair) {
      const turn = (this.served.get(a.session) ?? 0) - (this.served.get(b.session) ?? 0)
      if (turn !== 0) return turn < 0
    }
    return a.enqueuedAt < b.enqueuedAt
  }

  private rank({priority, enqueuedAt}: Entry): number {
    const level = this.settings.priorities ? taskPriorities.indexOf(priority) : 0
    return this.settings.fair ? level + Math.floor((this.now() - enqueuedAt) / agingStepMs) : level
  }
}
