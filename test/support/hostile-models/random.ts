/** Random numbers with a seed (mulberry32), so that a run can be repeated. */
export class Random {
  constructor(private state: number) {}

  /** 0 up to 1, without 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)]
    if (picked === undefined) throw new Error('Nothing to pick from.')
    return picked
  }

  /** As many as wanted, all different, in the order of the list. */
  sample<T>(list: readonly T[], count: number): T[] {
    const indices = list.map((_, index) => index)
    for (let at = indices.length - 1; at > 0; at--) {
      const other = this.below(at + 1)
      ;[indices[at], indices[other]] = [indices[other] ?? 0, indices[at] ?? 0]
    }
    const chosen = new Set(indices.slice(0, count))
    return list.filter((_, index) => chosen.has(index))
  }
}
