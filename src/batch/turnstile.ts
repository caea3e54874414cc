/** In what order rows are written: as items are read, or as they end. */
export type Order = 'input' | 'completion'

/** Lets what has ended pass in order. Places count from 0. */
export class Turnstile<Ended> {
  private readonly held = new Map<number, Ended>()
  private next = 0

  constructor(private readonly order: Order) {}

  /** How many have ended and wait for others before them. */
  get waiting(): number {
    return this.held.size
  }

  /** Gives those that may pass now that this one has ended, this one included. */
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
