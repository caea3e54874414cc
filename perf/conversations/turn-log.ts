/** A task as the scheduler saw it. Times are milliseconds of one clock. */
export interface Turn {
  /** One task of a session runs at a time. */
  session: string
  arrivedAt: number
  startedAt: number
}

/** A stream for log lines that records when tasks arrived and when they started. Lines are written at these moments. */
export class TurnLog {
  readonly turns: Turn[] = []
  private readonly arrivals = new Map<string, number>()

  write(line: string): void {
    const {msg, session = ''} = JSON.parse(line) as {msg?: string; session?: string}
    const now = performance.now()
    if (msg === 'task queued') this.arrivals.set(session, now)
    if (msg !== 'task started') return
    // A task that can run at once never waits in the queue.
    this.turns.push({session, arrivedAt: this.arrivals.get(session) ?? now, startedAt: now})
    this.arrivals.delete(session)
  }
}
