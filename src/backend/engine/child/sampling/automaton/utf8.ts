import type {CodeRange} from '../gbnf/grammar.js'
import type {Pieces} from '../pieces.js'
import type {Network} from './network.js'

/** Characters that a text may have: no NUL and no halves of surrogate pairs. */
const allCharacters: readonly CodeRange[] = [
  [1, 0xd7ff],
  [0xe000, 0x10ffff],
]

/** The ranges in order, without overlaps, and only of characters that a text may have. */
export function cleanRanges(ranges: readonly CodeRange[], isNegated: boolean): CodeRange[] {
  const merged: [number, number][] = []
  for (const [from, to] of ranges.filter(([from, to]) => from <= to).sort(([a], [b]) => a - b)) {
    const last = merged.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return intersection(isNegated ? complement(merged) : merged)
}

function complement(ranges: readonly CodeRange[]): CodeRange[] {
  const others: CodeRange[] = []
  let from = 0
  for (const [low, high] of ranges) {
    if (low > from) others.push([from, low - 1])
    from = high + 1
  }
  if (from <= 0x10ffff) others.push([from, 0x10ffff])
  return others
}

function intersection(ranges: readonly CodeRange[]): CodeRange[] {
  return ranges.flatMap(([low, high]) =>
    allCharacters.flatMap(([least, most]): CodeRange[] => {
      const [from, to] = [Math.max(low, least), Math.min(high, most)]
      return from <= to ? [[from, to]] : []
    }),
  )
}

/** Bits of a code point that follow the first byte, by how long its UTF-8 is: 1 to 4 bytes. */
const highestOfLength = [0x7f, 0x7ff, 0xffff, 0x10ffff]
const leads = [0, 0xc0, 0xe0, 0xf0]

/** Adds edges between two positions that consume one character of these ranges, which `cleanRanges` has made. */
export function* addCharacters(
  network: Network,
  from: number,
  to: number,
  ranges: readonly CodeRange[],
): Pieces<undefined> {
  const builder = new CharacterEdges(network, to, network.rule[from] ?? 0)
  for (const [low, high] of ranges) {
    let least = low
    for (const [index, highest] of highestOfLength.entries()) {
      if (least > highest) continue
      const most = Math.min(high, highest)
      builder.add(from, leads[index] ?? 0, index, least, most)
      least = most + 1
      if (least > high) break
    }
    yield
  }
}

/** Ranges with the same continuation share it. */
class CharacterEdges {
  /** Positions that any continuation bytes lead from to the end, by their number. */
  private readonly whole = new Map<number, number>()
  /** The last edge to a part of a first byte's characters: ranges come in order, so others cannot have the same byte. */
  private last: {from: number; byte: number; target: number}[] = []

  constructor(
    private readonly network: Network,
    private readonly end: number,
    private readonly rule: number,
  ) {}

  /** @param left continuation bytes after this one; `low` and `high` are the bits that remain */
  add(from: number, lead: number, left: number, low: number, high: number): void {
    const {network} = this
    const size = 64 ** left
    if (left === 0) {
      network.addEdge(from, this.end, lead + low, lead + high)
      return
    }
    let [first, last] = [Math.floor(low / size), Math.floor(high / size)]
    if (low % size > 0 || (first === last && high % size < size - 1)) {
      const most = first === last ? high % size : size - 1
      this.add(this.partial(from, lead + first, left), 0x80, left - 1, low % size, most)
      if (first === last) return
      first++
    }
    const endsWhole = high % size === size - 1
    if (!endsWhole) last--
    if (first <= last) network.addEdge(from, this.continued(left), lead + first, lead + last)
    if (!endsWhole) this.add(this.partial(from, lead + last + 1, left), 0x80, left - 1, 0, high % size)
  }

  private partial(from: number, byte: number, left: number): number {
    const known = this.last[left]
    if (known?.from === from && known.byte === byte) return known.target
    const target = this.network.addPosition(this.rule)
    this.network.addEdge(from, target, byte, byte)
    this.last[left] = {from, byte, target}
    return target
  }

  private continued(left: number): number {
    if (left === 0) return this.end
    let position = this.whole.get(left)
    if (position === undefined) {
      position = this.network.addPosition(this.rule)
      this.network.addEdge(position, this.continued(left - 1), 0x80, 0xbf)
      this.whole.set(left, position)
    }
    return position
  }
}
