import {GrammarFault} from '../gbnf/grammar.js'

/** Positions of all rules of a grammar together. One takes about 30 bytes. */
const mostPositions = 1_000_000

const firstSize = 64

/** What an edge consumes, where that is not a byte. */
export const edgeKinds = {
  /** Nothing. */
  empty: -1,
  /** A text of the rule `high`. */
  call: -2,
  /** The token `high`. */
  token: -3,
  /** Any token with a text, other than `high`. */
  otherToken: -4,
} as const

/**
 * The rules of a grammar as automata over bytes: positions, and edges between them that consume a byte, a token, nothing
 * or a text of another rule.
 *
 * Each position has two lists of edges: `firstByte` and `firstOther` have their newest edges, and `next` the one after
 * each edge; -1 ends a list. The arrays are longer than what they hold, and are replaced while the network grows.
 */
export class Network {
  /** How many positions and edges there are. */
  positions = 0
  edges = 0
  firstByte = new Int32Array(firstSize)
  firstOther = new Int32Array(firstSize)
  /** The rule of each position. */
  rule = new Int32Array(firstSize)
  next = new Int32Array(firstSize)
  target = new Int32Array(firstSize)
  /** The lowest byte of an edge, or one of `edgeKinds`. */
  low = new Int16Array(firstSize)
  /** The highest byte of an edge, or its rule or token. */
  high = new Int32Array(firstSize)
  readonly starts: number[] = []
  /** Positions without edges, where the rules end. */
  readonly ends: number[] = []
  /** As they are named in the grammar; rules for repetitions have no names. */
  readonly names: (string | undefined)[] = []

  addRule(name?: string): number {
    const rule = this.names.push(name) - 1
    this.starts.push(this.addPosition(rule))
    this.ends.push(this.addPosition(rule))
    return rule
  }

  addPosition(rule: number): number {
    if (this.positions >= mostPositions)
      throw new GrammarFault(
        `it is too large: with all copies of its repetitions it has more than ${mostPositions} positions`,
      )
    if (this.positions === this.rule.length) {
      this.firstByte = doubled(this.firstByte)
      this.firstOther = doubled(this.firstOther)
      this.rule = doubled(this.rule)
    }
    const position = this.positions++
    this.firstByte[position] = -1
    this.firstOther[position] = -1
    this.rule[position] = rule
    return position
  }

  addEdge(from: number, to: number, low: number, high = 0): void {
    if (this.edges === this.next.length) {
      this.next = doubled(this.next)
      this.target = doubled(this.target)
      const more = new Int16Array(this.low.length * 2)
      more.set(this.low)
      this.low = more
      this.high = doubled(this.high)
    }
    const first = low >= 0 ? this.firstByte : this.firstOther
    const edge = this.edges++
    this.next[edge] = first[from] ?? -1
    this.target[edge] = to
    this.low[edge] = low
    this.high[edge] = high
    first[from] = edge
  }

  /** Where the edge for just this byte leads, if there is one. */
  byteTarget(from: number, byte: number): number | undefined {
    for (let edge = this.firstByte[from] ?? -1; edge >= 0; edge = this.next[edge] ?? -1)
      if (this.low[edge] === byte && this.high[edge] === byte) return this.target[edge]
    return undefined
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(array.length * 2)
  more.set(array)
  return more
}
