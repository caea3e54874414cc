/** How many tasks of each lane run, and how many may. */
export class Lanes {
  private readonly lanes = new Map<number, {capacity: number; running: number}>()

  /** @param capacity Tasks that run together, 1 or more. */
  open(lane: number, capacity: number): void {
    const running = this.lanes.get(lane)?.running ?? 0
    this.lanes.set(lane, {capacity, running})
  }

  /** Nothing starts there any more; what runs ends by itself. */
  close(lane: number): void {
    const state = this.lanes.get(lane)
    if (state === undefined) return
    state.capacity = 0
    this.dropIfOver(lane)
  }

  isOpen(lane: number): boolean {
    return (this.lanes.get(lane)?.capacity ?? 0) > 0
  }

  hasRoom(lane: number): boolean {
    const {capacity, running} = this.lanes.get(lane) ?? {capacity: 0, running: 0}
    return running < capacity
  }

  /** Whether any lane has room. */
  get haveRoom(): boolean {
    return [...this.lanes.keys()].some((lane) => this.hasRoom(lane))
  }

  get running(): number {
    return [...this.lanes.values()].reduce((sum, {running}) => sum + running, 0)
  }

  enter(lane: number): void {
    const state = this.lanes.get(lane)
    if (state !== undefined) state.running++
  }

  leave(lane: number): void {
    const state = this.lanes.get(lane)
    if (state === undefined) return
    state.running--
    this.dropIfOver(lane)
  }

  private dropIfOver(lane: number): void {
    const state = this.lanes.get(lane)
    if (state?.capacity === 0 && state.running === 0) this.lanes.delete(lane)
  }
}
