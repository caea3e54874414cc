import {hash} from 'node:crypto'

/** Numbers of each entry: two halves of the hash, and the line, which is 0 where there is no entry. */
const stride = 3
const fullest = 0.8

/**
 * The ids so far and their lines, at 15 to 30 bytes each regardless of length. Ids are compared by 64 bits of their
 * SHA-256: among a million ids the chance of a collision is 1 in 37 million.
 */
export class IdTable {
  private entries = new Uint32Array(1024 * stride)
  private count = 0

  /** Adds the id. If it already exists, returns its line (from 1) and keeps that. */
  claim(id: string, line: number): number | undefined {
    if (this.count >= (this.entries.length / stride) * fullest) this.grow()
    const [low, high] = halves(id)
    const at = placeOf(this.entries, low, high)
    const taken = this.entries[at + 2] ?? 0
    if (taken > 0) return taken
    this.entries.set([low, high, line], at)
    this.count += 1
    return undefined
  }

  /** The line of an id that exists. */
  lineOf(id: string): number | undefined {
    const [low, high] = halves(id)
    const line = this.entries[placeOf(this.entries, low, high) + 2] ?? 0
    return line > 0 ? line : undefined
  }

  private grow(): void {
    const larger = new Uint32Array(this.entries.length * 2)
    for (let at = 0; at < this.entries.length; at += stride) {
      const entry = this.entries.subarray(at, at + stride)
      const [low = 0, high = 0, line = 0] = entry
      if (line > 0) larger.set(entry, placeOf(larger, low, high))
    }
    this.entries = larger
  }
}

function halves(id: string): [low: number, high: number] {
  const digest = hash('sha256', id, 'buffer')
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)]
}

/** The entry of the hash, or the free one for it. The number of entries is a power of two, and never all are taken. */
function placeOf(entries: Uint32Array, low: number, high: number): number {
  const places = entries.length / stride
  for (let place = low & (places - 1); ; place = (place + 1) & (places - 1)) {
    const at = place * stride
    if (entries[at + 2] === 0 || (entries[at] === low && entries[at + 1] === high)) return at
  }
}
