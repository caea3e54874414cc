/** Tasks by number, the one with the highest rank first; a task that waits already is not added again. */
export class TaskHeap {
  private readonly heap: number[] = []
  private readonly waiting = new Set<number>()

  constructor(private readonly ranks: readonly number[]) {}

  add(task: number): void {
    if (this.waiting.has(task)) return
    this.waiting.add(task)
    const {heap} = this
    let at = heap.push(task) - 1
    for (let parent = (at - 1) >> 1; at > 0 && this.rank(parent) < this.rank(at); parent = (at - 1) >> 1) {
      this.swap(at, parent)
      at = parent
    }
  }

  take(): number | undefined {
    const {heap} = this
    const [first] = heap
    const last = heap.pop()
    if (first === undefined || last === undefined) return undefined
    this.waiting.delete(first)
    if (heap.length === 0) return first
    heap[0] = last
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let highest = at
      if (left < heap.length && this.rank(left) > this.rank(highest)) highest = left
      if (right < heap.length && this.rank(right) > this.rank(highest)) highest = right
      if (highest === at) return first
      this.swap(at, highest)
      at = highest
    }
  }

  private rank(at: number): number {
    return this.ranks[this.heap[at] ?? 0] ?? 0
  }

  private swap(a: number, b: number): void {
    const {heap} = this
    const [one, other] = [heap[a] ?? 0, heap[b] ?? 0]
    heap[a] = other
    heap[b] = one
  }
}
