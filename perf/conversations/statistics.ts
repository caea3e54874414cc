/** The value that `share` of all values are below. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

export interface Point {
  x: number
  y: number
}

/** The least-squares line through the points: its slope, and its value at `x`. */
export function fitLine(points: readonly Point[]): {slope: number; at: (x: number) => number} {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [middleX, middleY] = [mean(({x}) => x), mean(({y}) => y)]
  const slope = mean(({x, y}) => (x - middleX) * (y - middleY)) / mean(({x}) => (x - middleX) ** 2)
  return {slope, at: (x) => middleY + slope * (x - middleX)}
}

/** Random numbers from 0 to 1, the same for the same seed (Steele and Vigna's SplitMix, 32 bits). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** The items in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[order[last], order[other]] = [order[other] as T, order[last] as T]
  }
  return order
}
