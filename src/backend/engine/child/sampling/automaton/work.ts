/** Steps of work for one token, 10 to 30 ms. Grammars of programming languages take some hundred. */
export const mostSteps = 250_000

/** More work than one token may take. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork'
}

/** Counts steps of a computation, each of 30 to 120 ns, and ends it when there are too many. */
export class Work {
  /** Since the beginning. */
  done = 0
  private most = Infinity

  /** Lets this many steps follow. */
  allow(steps: number): void {
    this.most = this.done + steps
  }

  /** @throws `TooMuchWork` */
  add(steps: number): void {
    this.done += steps
    if (this.done > this.most) throw new TooMuchWork()
  }
}
