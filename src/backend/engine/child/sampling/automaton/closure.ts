import type {Analysis} from './analyse.js'
import {edgeKinds, type Network} from './network.js'
import type {Call, Calls, State, States} from './states.js'
import {TaskHeap} from './task-heap.js'
import type {Work} from './work.js'

/** What can be reached from some positions without consuming anything. */
export class Closure {
  /** The calls that each position was reached in, before other rules are entered. */
  private readonly reached = new Map<number, Set<Calls>>()
  private readonly returned = new Set<Call>()
  private isComplete = false
  /** The calls that each rule is entered in. */
  private readonly entered = new Map<number, Set<Call>>()
  private readonly rules: TaskHeap
  private readonly waiting: [position: number, calls: Calls][] = []

  constructor(
    private readonly network: Network,
    private readonly analysis: Analysis,
    private readonly states: States,
    private readonly work: Work,
  ) {
    this.rules = new TaskHeap(analysis.ranks)
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0
  }

  reach(position: number, calls: Calls | undefined): void {
    if (calls !== undefined) this.waiting.push([position, calls])
  }

  enter(rule: number, calls: Iterable<Call>): void {
    let known = this.entered.get(rule)
    if (known === undefined) {
      known = new Set()
      this.entered.set(rule, known)
      this.rules.add(rule)
    }
    for (const call of calls) {
      known.add(call)
      this.work.add(1)
    }
  }

  state(isComplete = false): State {
    this.isComplete ||= isComplete
    this.advance()
    return this.states.state(this.enterRules(), this.isComplete)
  }

  /** Follows empty edges, and returns from rules that end. */
  private advance(): void {
    const {rule, ends, firstOther, next, low, high, target} = this.network
    for (let item = this.waiting.pop(); item !== undefined; item = this.waiting.pop()) {
      const [position, calls] = item
      this.work.add(1)
      let known = this.reached.get(position)
      if (known === undefined) {
        known = new Set()
        this.reached.set(position, known)
      }
      if (known.has(calls)) continue
      known.add(calls)
      if (ends[rule[position] ?? 0] === position) this.return(calls)
      for (let edge = firstOther[position] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
        this.work.add(1)
        const kind = low[edge]
        const isSkipped = kind === edgeKinds.call && this.analysis.mayBeEmpty[high[edge] ?? 0] === true
        if (isSkipped || kind === edgeKinds.empty) this.waiting.push([target[edge] ?? 0, calls])
      }
    }
  }

  private return(calls: Calls): void {
    for (const call of calls.all) {
      this.work.add(1)
      if (this.returned.has(call)) continue
      this.returned.add(call)
      if (call.around === undefined) this.isComplete = true
      else this.waiting.push([call.back, call.around])
    }
  }

  /** Enters the rules that are called. A rule comes after all rules that begin with it, so all its calls are known. */
  private enterRules(): (readonly [number, Calls])[] {
    const {beginnings, firstCalls} = this.analysis
    const items = new Map<number, Calls>()
    for (const [position, sets] of this.reached) {
      const calls = this.union(sets)
      if (this.consumes(position)) items.set(position, calls)
      this.callFrom(position, calls)
    }
    for (let rule = this.rules.take(); rule !== undefined; rule = this.rules.take()) {
      const entry = this.states.calls(this.entered.get(rule) ?? [])
      for (const position of beginnings[rule] ?? []) {
        this.work.add(1)
        const known = items.get(position)
        items.set(position, known === undefined ? entry : this.union([known, entry]))
      }
      for (const position of firstCalls[rule] ?? []) this.callFrom(position, entry)
    }
    return [...items]
  }

  /** Enters the rules that a position calls. @param around the calls that the position is in */
  private callFrom(position: number, around: Calls): void {
    const {rule, ends, firstOther, next, low, high, target} = this.network
    for (let edge = firstOther[position] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
      this.work.add(1)
      if (low[edge] !== edgeKinds.call) continue
      const back = target[edge] ?? 0
      // The rule ends with this call, so there is nothing to come back for.
      const isLast = ends[rule[position] ?? 0] === back
      this.enter(high[edge] ?? 0, isLast ? around.all : [this.states.call(back, around)])
    }
  }

  private consumes(position: number): boolean {
    const {firstByte, firstOther, next, low} = this.network
    if (firstByte[position] !== -1) return true
    for (let edge = firstOther[position] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
      this.work.add(1)
      if (low[edge] === edgeKinds.token || low[edge] === edgeKinds.otherToken) return true
    }
    return false
  }

  private union(sets: Iterable<Calls>): Calls {
    const [first, ...others] = new Set(sets)
    if (first !== undefined && others.length === 0) return first
    const all = new Set<Call>()
    for (const {all: calls} of [first, ...others].filter((one) => one !== undefined)) {
      for (const call of calls) all.add(call)
      this.work.add(calls.length)
    }
    return this.states.calls(all)
  }
}
