import {taskPriorities, type TaskPriority} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {plural} from '../../terminal/units.js'

export interface QueueSettings {
  /** Maximum number of waiting tasks; the next one is rejected. */
  rejectThreshold: number
  priorities: boolean
  fair: boolean
  /** With `fair`, a waiting task rises by one priority after each of these spans, in milliseconds. */
  agingMs: number
}

/** A task that waits. */
export interface QueueEntry {
  priority: TaskPriority
  /** Tasks of one session run one after the other; sessions with the same priority take turns. */
  session: string
  /** On the queue's clock, in milliseconds. */
  enqueuedAt: number
}

/**
 * Tasks that wait for a slot; decides which of them is next.
 *
 * The tasks of a session keep the order in which they arrived, whatever their priorities: each turn builds on the
 * history before it. Among the first tasks of the sessions the order is effective priority, then the session whose turn
 * was longest ago, then arrival. With fair scheduling the effective priority is `level + floor(wait / agingMs)`, levels
 * being 0 (low) to 3 (urgent).
 *
 * That bounds the wait. A task of level `l` is overtaken by a later one of level `u` only if that one arrived less than
 * `(u - l + 1) * agingMs` after it. So from `(4 - l) * agingMs` after its arrival (four spans for a low task, one for
 * an urgent one) no new task overtakes it, and it waits only for the tasks that are already there. The same applies to
 * each earlier task of its session; while one of them runs, other sessions run their tasks.
 *
 * Without fair scheduling the order is level, then arrival, without a bound. Without priorities all levels are 0.
 */
export class TaskQueue<Entry extends QueueEntry> {
  /** In the order of arrival, numbered. */
  private readonly arrivals = new Map<Entry, number>()
  private readonly bySession = new Map<string, Set<Entry>>()
  /** The first task of each session. A choice checks all of them; there are at most as many as open contexts. */
  private readonly heads = new Map<string, Entry>()
  private readonly turns = new Map<string, number>()
  private lastArrival = 0
  private lastTurn = 0

  constructor(
    private readonly settings: QueueSettings,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.arrivals.size
  }

  countByPriority(): Record<TaskPriority, number> {
    const counts = {low: 0, normal: 0, high: 0, urgent: 0}
    for (const {priority} of this.arrivals.keys()) counts[priority]++
    return counts
  }

  /** @throws `runtime_error` when the queue is full. */
  add(entry: Entry): void {
    const {rejectThreshold} = this.settings
    if (this.size >= rejectThreshold) {
      throw new NnError(
        'queue_full',
        `The queue is full: ${plural(this.size, 'task')} ${this.size === 1 ? 'waits' : 'wait'}, and at most ${rejectThreshold} may.`,
        {
          hint: 'Try again later, or raise backend.queue_size.',
        },
      )
    }
    this.arrivals.set(entry, ++this.lastArrival)
    const others = this.bySession.get(entry.session)
    others?.add(entry)
    if (others !== undefined) return
    this.bySession.set(entry.session, new Set([entry]))
    this.heads.set(entry.session, entry)
  }

  remove(entry: Entry): void {
    const {session} = entry
    const others = this.bySession.get(session)
    this.arrivals.delete(entry)
    others?.delete(entry)
    const [head] = others ?? []
    if (head !== undefined) {
      this.heads.set(session, head)
      return
    }
    this.bySession.delete(session)
    this.heads.delete(session)
  }

  /** Whether a task of that session waits. */
  holds(session: string): boolean {
    return this.bySession.has(session)
  }

  /** The waiting tasks in the order of arrival. */
  list(): Entry[] {
    return [...this.arrivals.keys()]
  }

  /** Removes and returns the next task that can run now. */
  take(canRun: (entry: Entry) => boolean): Entry | undefined {
    const now = this.now()
    let best: Entry | undefined
    for (const head of this.heads.values()) {
      if ((best === undefined || this.before(head, best, now)) && canRun(head)) best = head
    }
    if (best !== undefined) this.remove(best)
    return best
  }

  /** A task of the session started: other sessions of its level come first now. */
  noteTurn(session: string): void {
    this.turns.set(session, ++this.lastTurn)
  }

  /** A removed session needs no turn. */
  forget(session: string): void {
    this.turns.delete(session)
  }

  private before(a: Entry, b: Entry, now: number): boolean {
    const rank = this.rank(a, now) - this.rank(b, now)
    if (rank !== 0) return rank > 0
    if (this.settings.fair) {
      const turn = (this.turns.get(a.session) ?? 0) - (this.turns.get(b.session) ?? 0)
      if (turn !== 0) return turn < 0
    }
    return (this.arrivals.get(a) ?? 0) < (this.arrivals.get(b) ?? 0)
  }

  private rank({priority, enqueuedAt}: Entry, now: number): number {
    const {priorities, fair, agingMs} = this.settings
    const level = priorities ? taskPriorities.indexOf(priority) : 0
    return fair ? level + Math.floor((now - enqueuedAt) / agingMs) : level
  }
}
