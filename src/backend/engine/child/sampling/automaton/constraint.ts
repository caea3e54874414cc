import type {Pieces} from '../pieces.js'
import type {Matcher} from './matcher.js'
import type {State} from './states.js'
import type {Vocabulary} from './vocabulary.js'

/** Nodes of the vocabulary that are visited for one step of work: a visit takes a few nanoseconds. */
const nodesPerStep = 8
const nodesAtOnce = 256
/** States whose tokens are remembered; for a vocabulary of 150,000 tokens one takes 20 kB. */
const mostRemembered = 256

/** The tokens that may come next. */
export class AllowedTokens {
  private readonly bits: Uint8Array
  /** How many there are. */
  count = 0

  constructor(private readonly size: number) {
    this.bits = new Uint8Array(Math.ceil(size / 8))
  }

  add(token: number): void {
    if (token < 0 || token >= this.size || this.has(token)) return
    this.bits[token >> 3] = (this.bits[token >> 3] ?? 0) | (1 << (token & 7))
    this.count++
  }

  has(token: number): boolean {
    return ((this.bits[token >> 3] ?? 0) & (1 << (token & 7))) !== 0
  }

  /** All tokens that may not come next. */
  others(): Uint32Array {
    const others = new Uint32Array(this.size - this.count)
    for (let token = 0, index = 0; token < this.size; token++) if (!this.has(token)) others[index++] = token
    return others
  }
}

/** A grammar for the tokens of one model. It is shared by all answers that follow it. */
export class Constraint {
  private known = new Map<State, AllowedTokens>()

  constructor(
    readonly matcher: Matcher,
    private readonly vocabulary: Vocabulary,
  ) {}

  get start(): State {
    return this.matcher.start
  }

  isEnd(token: number): boolean {
    return this.vocabulary.endTokens.includes(token)
  }

  /** The state after a token that does not end the answer; `undefined` if the token is not allowed. */
  after(state: State, token: number): State | undefined {
    return this.matcher.stepToken(state, token, this.vocabulary.bytesOf(token))
  }

  /** The tokens that may come next, those that end the answer included. */
  *allowed(state: State): Pieces<AllowedTokens> {
    let allowed = this.known.get(state)
    if (allowed === undefined) {
      allowed = yield* this.find(state)
      if (this.known.size >= mostRemembered) this.known = new Map()
      this.known.set(state, allowed)
    }
    return allowed
  }

  /** Whether any token may come first. */
  *canBegin(): Pieces<boolean> {
    return (yield* this.find(this.start, 1)).count > 0
  }

  /** @param enough how many tokens are enough to stop */
  private *find(state: State, enough = Infinity): Pieces<AllowedTokens> {
    const {vocabulary, matcher} = this
    const allowed = new AllowedTokens(vocabulary.size)
    if (state.isComplete) for (const token of vocabulary.endTokens) allowed.add(token)
    this.addNamed(state, allowed)
    const {byte, depth, behind, tokens, firstToken} = vocabulary
    /** The state after the first bytes of the node, by their number. */
    const states = [state]
    for (let node = 0, count = 1; node < byte.length && allowed.count < enough; count++) {
      if (count % nodesPerStep === 0) matcher.work.add(1)
      if (count % nodesAtOnce === 0) yield
      const length = depth[node] ?? 0
      const before = states[length - 1]
      const after = before && matcher.step(before, byte[node] ?? 0)
      if (after === undefined) {
        node = behind[node] ?? byte.length
        continue
      }
      states[length] = after
      node++
      // A token is listed at the last node of its text, and tokens with longer texts come later.
      for (let index = firstToken[node - 1] ?? 0; index < (firstToken[node] ?? 0); index++)
        allowed.add(tokens[index] ?? -1)
    }
    return allowed
  }

  /** Tokens that the grammar names by their ids. */
  private addNamed(state: State, allowed: AllowedTokens): void {
    const {size} = this.vocabulary
    const others: number[] = []
    for (const {id, isNegated} of this.matcher.namedTokens(state)) {
      if (isNegated) others.push(id)
      else if (!this.isEnd(id)) allowed.add(id)
    }
    const [first] = others
    if (first === undefined) return
    for (let token = 0; token < size; token++)
      if (this.vocabulary.hasText(token) && others.some((id) => id !== token)) allowed.add(token)
  }
}
