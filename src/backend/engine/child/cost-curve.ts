/** Weight of a new measurement. Noise only adds time, so a shorter measurement counts more. */
const followDown = 0.5
const followUp = 0.25

/**
 * How long decodes take by their number of rows (tokens), in milliseconds, learned from the decodes themselves. Kernels
 * take rows in groups and change with their number, so the curve has steps: on some models 64 rows take less time than 32
 * (docs/benchmarks.md).
 */
export class CostCurve {
  private readonly known = new Map<number, number>()
  /** Sizes that were measured once only: the first decode of a size has caches and pages to fill. */
  private readonly once = new Set<number>()
  private sizes: number[] = []

  /** @param rows at least 1 */
  measured(rows: number, ms: number): void {
    const before = this.known.get(rows)
    if (before === undefined) {
      this.known.set(rows, ms)
      this.once.add(rows)
      this.sizes = [...this.known.keys()].sort((a, b) => a - b)
      return
    }
    const wasOnce = this.once.delete(rows)
    this.known.set(rows, wasOnce && ms < before ? ms : before + (ms < before ? followDown : followUp) * (ms - before))
  }

  has(rows: number): boolean {
    return this.known.has(rows)
  }

  /** Whether a second measurement confirmed the first one. */
  isSettled(rows: number): boolean {
    return this.known.has(rows) && !this.once.has(rows)
  }

  /** Scales all measurements by this factor. */
  forget(factor: number): void {
    for (const [rows, ms] of this.known) this.known.set(rows, ms * factor)
  }

  /** Scales these measurements by this factor, for a decode in which sizes cannot be measured separately. */
  scale(rows: number, factor: number): void {
    const before = this.known.get(rows)
    if (before !== undefined) this.known.set(rows, before * factor)
  }

  /**
   * Between two measured sizes on the straight line; below all of them at the best rate; above, a size up to twice the
   * largest as long as that one, because weights are read once however many rows there are. Trying corrects both
   * estimates. `Infinity` without measurements, and far above all of them.
   */
  estimate(rows: number): number {
    const exact = this.known.get(rows)
    if (exact !== undefined) return exact
    const {sizes} = this
    const above = sizes.findIndex((size) => size > rows)
    if (above === 0) return rows * Math.min(...sizes.map((size) => this.of(size) / size))
    if (above > 0) {
      const [low = 0, high = 0] = [sizes[above - 1], sizes[above]]
      return this.of(low) + ((this.of(high) - this.of(low)) * (rows - low)) / (high - low)
    }
    const largest = sizes.at(-1)
    return largest !== undefined && rows <= 2 * largest ? this.of(largest) : Infinity
  }

  /**
   * The same, but any size above all measured ones counts as long as the largest one, for sizes that are tried at once.
   */
  optimistic(rows: number): number {
    const known = this.estimate(rows)
    const largest = this.sizes.at(-1)
    return Number.isFinite(known) || largest === undefined ? known : this.of(largest)
  }

  private of(size: number): number {
    return this.known.get(size) ?? Infinity
  }
}
