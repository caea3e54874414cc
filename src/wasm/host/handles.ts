/** Handles of one guest. They count from 0 and are never used again, so an old handle stays dead. */
export class HandleTable<Value> {
  private readonly values = new Map<number, Value>()
  private next = 0

  get size(): number {
    return this.values.size
  }

  add(value: Value): number {
    this.values.set(this.next, value)
    return this.next++
  }

  get(handle: number): Value | undefined {
    return this.values.get(handle)
  }

  remove(handle: number): void {
    this.values.delete(handle)
  }

  list(): Value[] {
    return [...this.values.values()]
  }
}
