import {GrammarFault} from '../gbnf/grammar.js'
import type {Pieces} from '../pieces.js'
import {edgeKinds, type Network} from './network.js'

/** What must be known of a network before texts can be matched. */
export interface Analysis {
  /** By rule: whether it matches an empty text. */
  mayBeEmpty: readonly boolean[]
  /** By rule: the positions that it may begin at, which have edges for bytes or tokens. */
  beginnings: readonly (readonly number[])[]
  /** By rule: the positions that it may begin at, which call rules. */
  firstCalls: readonly (readonly number[])[]
  /** By rule: each is higher than those of the rules that it may begin with. */
  ranks: readonly number[]
  /** Bytes of one class are treated alike by all edges. */
  classOfByte: Uint8Array
  /** A byte of each class. */
  bytes: readonly number[]
}

const positionsAtOnce = 500

/**
 * Shortens the network, removes what can never become a complete text, and finds out about its rules.
 *
 * @throws `GrammarFault` for a rule that begins with itself, or a grammar that matches no text
 */
export function* analyse(network: Network, root: number): Pieces<Analysis> {
  yield* skipEmptyEdges(network)
  const {mayBeEmpty, firsts} = yield* findBeginnings(network)
  const ranks = yield* rankRules(network, firsts)
  yield* removeDeadEnds(network, root, mayBeEmpty)
  const {beginnings, firstCalls} = yield* listBeginnings(network, mayBeEmpty)
  return {mayBeEmpty, beginnings, firstCalls, ranks, ...(yield* classifyBytes(network))}
}

/** Lets edges lead past positions that have one empty edge and nothing else. */
function* skipEmptyEdges(network: Network): Pieces<undefined> {
  const {firstByte, firstOther, next, low, target, starts} = network
  const goal = new Int32Array(network.positions).fill(-1)
  const isPassed = (position: number): boolean => {
    const edge = firstOther[position] ?? -1
    return firstByte[position] === -1 && edge >= 0 && next[edge] === -1 && low[edge] === edgeKinds.empty
  }
  const resolve = (position: number): number => {
    const path = new Set<number>()
    let at = position
    for (; goal[at] === -1 && isPassed(at) && !path.has(at); at = target[firstOther[at] ?? -1] ?? at) path.add(at)
    const end = goal[at] === -1 ? at : (goal[at] ?? at)
    for (const one of path) goal[one] = end
    return end
  }
  for (let edge = 0; edge < network.edges; edge++) {
    target[edge] = resolve(target[edge] ?? 0)
    if (edge % positionsAtOnce === 0) yield
  }
  for (const [index, start] of starts.entries()) starts[index] = resolve(start)
}

/** Which rules may be empty, and which rules each of them may begin with. */
function* findBeginnings(network: Network): Pieces<{mayBeEmpty: boolean[]; firsts: ReadonlySet<number>[]}> {
  const {starts, ends, rule, firstOther, next, low, high, target} = network
  const mayBeEmpty = starts.map(() => false)
  const firsts = starts.map(() => new Set<number>())
  /** Where to go on when a rule turns out to be possibly empty. */
  const behind = new Map<number, number[]>()
  const reached = new Uint8Array(network.positions)
  const waiting = [...starts]
  for (let at = waiting.pop(), count = 1; at !== undefined; at = waiting.pop(), count++) {
    if (reached[at] === 1) continue
    reached[at] = 1
    const own = rule[at] ?? 0
    if (ends[own] === at) {
      mayBeEmpty[own] = true
      pushAll(waiting, behind.get(own))
      behind.delete(own)
    }
    for (let edge = firstOther[at] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
      const to = target[edge] ?? 0
      const called = high[edge] ?? 0
      if (low[edge] === edgeKinds.empty) waiting.push(to)
      if (low[edge] !== edgeKinds.call) continue
      firsts[own]?.add(called)
      if (mayBeEmpty[called] === true) waiting.push(to)
      else listIn(behind, called).push(to)
    }
    if (count % positionsAtOnce === 0) yield
  }
  return {mayBeEmpty, firsts}
}

/**
 * Puts rules before the rules that they may begin with.
 *
 * @throws `GrammarFault` that names a rule which may begin with itself
 */
function* rankRules({names}: Network, firsts: readonly ReadonlySet<number>[]): Pieces<number[]> {
  const ranks = names.map(() => -1)
  let rank = 0
  for (const start of names.keys()) {
    if (ranks[start] !== -1) continue
    const path = [{rule: start, rest: [...(firsts[start] ?? [])]}]
    const open = new Set([start])
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const following = last.rest.pop()
      if (following === undefined) {
        path.pop()
        open.delete(last.rule)
        ranks[last.rule] = rank++
      } else if (open.has(following)) {
        const cycle = path.slice(path.findIndex(({rule}) => rule === following))
        const name = cycle.map(({rule}) => names[rule]).find((one) => one !== undefined)
        throw new GrammarFault(`left recursion, which is not supported: ${name ?? 'a rule'} can begin with itself`)
      } else if (ranks[following] === -1) {
        open.add(following)
        path.push({rule: following, rest: [...(firsts[following] ?? [])]})
      }
      yield
    }
  }
  return ranks
}

/** Removes the edges that lead to no complete text. */
function* removeDeadEnds(network: Network, root: number, mayBeEmpty: readonly boolean[]): Pieces<undefined> {
  const alive = yield* findLiving(network, mayBeEmpty)
  const {starts, firstByte, firstOther, next, low, high, target} = network
  if (alive[starts[root] ?? 0] === 0) throw new GrammarFault('there is no text that it matches: none is ever complete')
  const isAlive = (edge: number): boolean =>
    alive[target[edge] ?? 0] === 1 && (low[edge] !== edgeKinds.call || alive[starts[high[edge] ?? 0] ?? 0] === 1)
  const filtered = (first: number): number => {
    const kept: number[] = []
    for (let edge = first; edge >= 0; edge = next[edge] ?? -1) if (isAlive(edge)) kept.push(edge)
    for (const [index, edge] of kept.entries()) next[edge] = kept[index + 1] ?? -1
    return kept[0] ?? -1
  }
  for (let at = 0; at < network.positions; at++) {
    firstByte[at] = filtered(firstByte[at] ?? -1)
    firstOther[at] = filtered(firstOther[at] ?? -1)
    if (at % positionsAtOnce === 0) yield
  }
}

/** The positions from which their rule can be completed. */
function* findLiving(network: Network, mayBeEmpty: readonly boolean[]): Pieces<Uint8Array> {
  const {starts, ends, low, high} = network
  const origins = yield* originsOfEdges(network)
  const {lastInto, before} = yield* edgesInto(network)
  const ruleOfStart = new Map(starts.map((start, index) => [start, index]))
  const callers = new Map<number, number[]>()
  const alive = new Uint8Array(network.positions)
  const waiting = [...ends]
  for (let at = waiting.pop(), count = 1; at !== undefined; at = waiting.pop(), count++) {
    if (count % positionsAtOnce === 0) yield
    if (alive[at] === 1) continue
    alive[at] = 1
    const started = ruleOfStart.get(at)
    if (started !== undefined) {
      pushAll(waiting, callers.get(started))
      callers.delete(started)
    }
    for (let edge = lastInto[at] ?? -1; edge >= 0; edge = before[edge] ?? -1) {
      const origin = origins[edge] ?? 0
      const called = high[edge] ?? 0
      if (low[edge] !== edgeKinds.call || mayBeEmpty[called] === true || alive[starts[called] ?? 0] === 1)
        waiting.push(origin)
      else listIn(callers, called).push(origin)
    }
  }
  return alive
}

/** The position that each edge begins at. */
function* originsOfEdges({positions, edges, firstByte, firstOther, next}: Network): Pieces<Int32Array> {
  const origins = new Int32Array(edges)
  for (let at = 0; at < positions; at++) {
    for (const first of [firstByte[at] ?? -1, firstOther[at] ?? -1])
      for (let edge = first; edge >= 0; edge = next[edge] ?? -1) origins[edge] = at
    if (at % positionsAtOnce === 0) yield
  }
  return origins
}

/** The edges that lead to each position, as lists. */
function* edgesInto({positions, edges, target}: Network): Pieces<{lastInto: Int32Array; before: Int32Array}> {
  const lastInto = new Int32Array(positions).fill(-1)
  const before = new Int32Array(edges).fill(-1)
  for (let edge = 0; edge < edges; edge++) {
    const to = target[edge] ?? 0
    before[edge] = lastInto[to] ?? -1
    lastInto[to] = edge
    if (edge % positionsAtOnce === 0) yield
  }
  return {lastInto, before}
}

function* listBeginnings(
  network: Network,
  mayBeEmpty: readonly boolean[],
): Pieces<{beginnings: number[][]; firstCalls: number[][]}> {
  const {starts, rule, firstByte, firstOther, next, low, high, target} = network
  const beginnings = starts.map((): number[] => [])
  const firstCalls = starts.map((): number[] => [])
  const reached = new Uint8Array(network.positions)
  const waiting = [...starts]
  for (let at = waiting.pop(), count = 1; at !== undefined; at = waiting.pop(), count++) {
    if (count % positionsAtOnce === 0) yield
    if (reached[at] === 1) continue
    reached[at] = 1
    const own = rule[at] ?? 0
    let [consumes, calls] = [firstByte[at] !== -1, false]
    for (let edge = firstOther[at] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
      const kind = low[edge]
      calls ||= kind === edgeKinds.call
      consumes ||= kind === edgeKinds.token || kind === edgeKinds.otherToken
      const isSkipped = kind === edgeKinds.empty || (kind === edgeKinds.call && mayBeEmpty[high[edge] ?? 0] === true)
      if (isSkipped) waiting.push(target[edge] ?? 0)
    }
    if (consumes) beginnings[own]?.push(at)
    if (calls) firstCalls[own]?.push(at)
  }
  return {beginnings, firstCalls}
}

function* classifyBytes({edges, low, high}: Network): Pieces<Pick<Analysis, 'classOfByte' | 'bytes'>> {
  const begins = new Uint8Array(257)
  begins[0] = 1
  for (let edge = 0; edge < edges; edge++) {
    const from = low[edge] ?? -1
    if (from >= 0) {
      begins[from] = 1
      begins[(high[edge] ?? 0) + 1] = 1
    }
    if (edge % positionsAtOnce === 0) yield
  }
  const classOfByte = new Uint8Array(256)
  const bytes: number[] = []
  for (let byte = 0; byte < 256; byte++) {
    if (begins[byte] === 1) bytes.push(byte)
    classOfByte[byte] = bytes.length - 1
  }
  return {classOfByte, bytes}
}

function listIn(lists: Map<number, number[]>, key: number): number[] {
  let list = lists.get(key)
  if (list === undefined) {
    list = []
    lists.set(key, list)
  }
  return list
}

/** A call with all of them as arguments could overflow the stack. */
function pushAll(list: number[], more: readonly number[] = []): void {
  for (const one of more) list.push(one)
}
