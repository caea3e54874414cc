import {writeSync} from 'node:fs'
import {encodeWork, type Work} from '../work-note.js'

/** Notes which requests the engine works on, before it does: the note outlives the process. */
export class WorkNoter {
  private readonly reading = new Set<number>()
  private running: readonly number[] = []
  private computes = false
  /** Whether the file says that `running` is computed. */
  private isNoted = false

  constructor(private readonly write: (work: Work) => void) {}

  /** @param descriptor the file that the host opened; without one nothing is noted */
  static into(descriptor: number | undefined): WorkNoter {
    if (descriptor === undefined) return new WorkNoter(() => undefined)
    return new WorkNoter((work) => {
      const bytes = encodeWork(work)
      writeSync(descriptor, bytes, 0, bytes.length, 0)
    })
  }

  /** Work that reads a request, which may block the event loop or end the process. */
  async whileReading<Result>(id: number, work: () => Result | Promise<Result>): Promise<Result> {
    this.reading.add(id)
    this.note()
    try {
      return await work()
    } finally {
      this.reading.delete(id)
      this.note()
    }
  }

  /** Before a decode. The same requests in every step of their answers are noted once. */
  startComputing(ids: readonly number[]): void {
    const isSame = ids.length === this.running.length && ids.every((id, index) => id === this.running[index])
    this.computes = true
    if (isSame && this.isNoted && this.reading.size === 0) return
    this.running = ids
    this.note()
  }

  /** After the tokens of a decode were sampled. */
  endComputing(): void {
    this.computes = false
    if (this.reading.size > 0) this.note()
  }

  private note(): void {
    this.isNoted = this.computes
    this.write({reading: [...this.reading], running: this.running, computes: this.computes})
  }
}
