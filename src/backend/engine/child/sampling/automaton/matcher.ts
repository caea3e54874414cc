import type {Grammar} from '../gbnf/grammar.js'
import type {Pieces} from '../pieces.js'
import {analyse, type Analysis} from './analyse.js'
import {Closure} from './closure.js'
import {buildNetwork} from './compile.js'
import {edgeKinds, type Network} from './network.js'
import {States, type State} from './states.js'
import {mostSteps, Work} from './work.js'

/** Numbers that the states of one grammar may take, before all are forgotten. A number takes up to about 40 bytes. */
const mostKept = 1_000_000

/**
 * Follows texts through a grammar, byte by byte. All derivations of a text are followed at once in a graph of calls that
 * share what they have in common, so a step takes polynomial time whatever the ambiguity. `work` counts and limits it.
 */
export class Matcher {
  readonly start: State
  readonly work = new Work()
  private readonly states: States

  constructor(
    private readonly network: Network,
    private readonly analysis: Analysis,
    root: number,
    kept = mostKept,
  ) {
    this.work.allow(mostSteps)
    this.states = new States(kept, analysis.bytes.length, this.work)
    const whole = this.states.calls([this.states.call(-1, undefined)])
    const first = new Closure(network, analysis, this.states, this.work)
    const isEmpty = analysis.mayBeEmpty[root] === true
    first.enter(root, whole.all)
    this.start = first.state(isEmpty)
    this.work.allow(Infinity)
  }

  /** The size of the grammar, for limits on what is kept. */
  get positions(): number {
    return this.network.positions
  }

  /** The state after one more byte; `undefined` if no text of the grammar goes on like this. */
  step(state: State, byte: number): State | undefined {
    const byteClass = this.analysis.classOfByte[byte] ?? 0
    const known = state.next[byteClass]
    if (known !== undefined) return known ?? undefined
    this.states.trim()
    const after = this.stepped(state, this.analysis.bytes[byteClass] ?? 0)
    state.next[byteClass] = after ?? null
    return after
  }

  private stepped(state: State, byte: number): State | undefined {
    const {firstByte, next, low, high, target} = this.network
    const closure = new Closure(this.network, this.analysis, this.states, this.work)
    for (const [index, position] of state.positions.entries()) {
      for (let edge = firstByte[position] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
        this.work.add(1)
        if (byte < (low[edge] ?? 0) || byte > (high[edge] ?? 0)) continue
        closure.reach(target[edge] ?? 0, state.calls[index])
      }
    }
    return closure.isEmpty ? undefined : closure.state()
  }

  /** The state after these bytes, or `undefined`. */
  follow(state: State, bytes: Iterable<number>): State | undefined {
    let at: State | undefined = state
    for (const byte of bytes) {
      at = this.step(at, byte)
      if (at === undefined) return undefined
    }
    return at
  }

  /** The tokens that a state names: these, or any with a text that is not one of them. */
  *namedTokens(state: State): Generator<{id: number; isNegated: boolean}> {
    const {firstOther, next, low, high} = this.network
    for (const position of state.positions) {
      for (let edge = firstOther[position] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
        if (low[edge] === edgeKinds.token) yield {id: high[edge] ?? -1, isNegated: false}
        if (low[edge] === edgeKinds.otherToken) yield {id: high[edge] ?? -1, isNegated: true}
      }
    }
  }

  /**
   * The state after a token, which a grammar may name, or spell by its bytes.
   *
   * @param bytes none for a token without a text, which a grammar can only name
   */
  stepToken(state: State, token: number, bytes: readonly number[] | undefined): State | undefined {
    const spelled = bytes === undefined ? undefined : this.follow(state, bytes)
    const {firstOther, next, low, high, target} = this.network
    const closure = new Closure(this.network, this.analysis, this.states, this.work)
    for (const [index, position] of state.positions.entries()) {
      for (let edge = firstOther[position] ?? -1; edge >= 0; edge = next[edge] ?? -1) {
        const isMeant = high[edge] === token
        const kind = low[edge]
        if (isMeant ? kind !== edgeKinds.token : kind !== edgeKinds.otherToken || bytes === undefined) continue
        closure.reach(target[edge] ?? 0, state.calls[index])
      }
    }
    if (closure.isEmpty) return spelled
    for (const [index, position] of (spelled?.positions ?? []).entries()) closure.reach(position, spelled?.calls[index])
    return closure.state(spelled?.isComplete)
  }
}

/** @throws `GrammarFault`; `TooMuchWork` if it is ambiguous from the start */
export function* compileGrammar(grammar: Grammar): Pieces<Matcher> {
  const {network, root} = yield* buildNetwork(grammar)
  const analysis = yield* analyse(network, root)
  return new Matcher(network, analysis, root)
}
