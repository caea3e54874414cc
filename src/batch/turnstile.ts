/** Order of the rows: as items are read, or as they finish. */
export type Order = 'input' | 'completion'

/** Releases finished items in order. Positions count from 0. */
export class Turnstile<Ended> {
  private readonly held = new Map<number, Ended>()
  private next = 0

  constructor(private readonly order: Order) {}

  /** Number of finished items that wait for earlier ones. */
  get waiting(): number {
    return this.held.size
  }

  /** Returns the items that may be written now that this one has finished, including this one. */
  *pass(place: number, ended: Ended): Generator<Ended> {
    if (this.order === 'completion') {
      yield ended
      return
    }
    this.held.set(place, ended)
    for (let first = this.held.get(this.next); first !== undefined; first = this.held.get(this.next)) {
      this.held.delete(this.next)
      this.next += 1
      yield first
    }
  }
}
