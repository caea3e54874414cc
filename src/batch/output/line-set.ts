/** A set of line numbers, one bit each. */
export class LineSet {
  private bits = new Uint8Array(128)
  size = 0

  has(line: number): boolean {
    return ((this.bits[line >> 3] ?? 0) & (1 << (line & 7))) !== 0
  }

  /** Size of the intersection. */
  sharedWith(other: LineSet): number {
    let shared = 0
    for (const [at, bits] of this.bits.entries()) {
      for (let both = bits & (other.bits[at] ?? 0); both > 0; both &= both - 1) shared += 1
    }
    return shared
  }

  add(line: number): void {
    if (this.has(line)) return
    const at = line >> 3
    if (at >= this.bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.bits.length * 2))
      larger.set(this.bits)
      this.bits = larger
    }
    this.bits[at] = (this.bits[at] ?? 0) | (1 << (line & 7))
    this.size += 1
  }
}
