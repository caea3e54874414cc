/** The number of running tasks of each lane, and the limit. */
export class Lanes {
  private readonly lanes = new Map<number, {capacity: number; running: number; paused: boolean}>()

  /** @param capacity Tasks that run together, 1 or more. */
  open(lane: number, capacity: number): void {
    const {running, paused} = this.lanes.get(lane) ?? {running: 0, paused: false}
    this.lanes.set(lane, {capacity, running, paused})
  }

  /** While a lane is paused nothing starts there, and new tasks wait. */
  pause(lane: number, paused: boolean): void {
    const state = this.lanes.get(lane)
    if (state !== undefined) state.paused = paused
  }

  /** No more tasks start there; running ones finish. */
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
    const state = this.lanes.get(lane)
    return state !== undefined && !state.paused && state.running < state.capacity
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
