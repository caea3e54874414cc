import {NnError} from '../../../../errors.js'
import type {AllowedTokens, Constraint} from './automaton/constraint.js'
import type {State} from './automaton/states.js'
import {mostSteps, TooMuchWork} from './automaton/work.js'
import {inSlices, type Pieces} from './pieces.js'

export type GrammarKey = 'grammar' | 'json_schema'

/** One answer on its way through a grammar. */
export class Follower {
  private state: State
  /** Steps that are left for the next token. */
  private left = mostSteps

  constructor(
    private readonly constraint: Constraint,
    private readonly key: GrammarKey,
  ) {
    this.state = constraint.start
  }

  /** @throws `invalid_argument` if the grammar is too ambiguous to tell */
  allows(token: number): boolean {
    return this.counted(() => this.after(token)) !== undefined
  }

  /** Takes the next token, which is allowed. */
  accept(token: number): void {
    this.state = this.counted(() => this.after(token)) ?? this.state
    this.left = mostSteps
  }

  /** The tokens that may come next. @throws `invalid_argument` if the grammar is too ambiguous to tell */
  allowed(): Promise<AllowedTokens> {
    return inSlices(this.countedPieces(this.constraint.allowed(this.state)))
  }

  /** Whether there is anything that the answer may begin with. */
  canBegin(): Promise<boolean> {
    return inSlices(this.countedPieces(this.constraint.canBegin()))
  }

  private after(token: number): State | undefined {
    const {state, constraint} = this
    if (constraint.isEnd(token)) return state.isComplete ? state : undefined
    return constraint.after(state, token)
  }

  private *countedPieces<Result>(pieces: Pieces<Result>): Pieces<Result> {
    for (;;) {
      const {done, value} = this.counted(() => pieces.next())
      if (done === true) return value
      yield
    }
  }

  /** The work of all answers that follow the same grammar is counted together, so each counts its own. */
  private counted<Result>(act: () => Result): Result {
    const {work} = this.constraint.matcher
    const before = work.done
    work.allow(this.left)
    try {
      return act()
    } catch (error) {
      if (error instanceof TooMuchWork) throw tooAmbiguous(this.key)
      throw error
    } finally {
      this.left -= work.done - before
    }
  }
}

export function tooAmbiguous(key: GrammarKey): NnError {
  return new NnError(
    'invalid_argument',
    `${key}: it is too ambiguous: one token takes more than ${mostSteps} steps to check.`,
    {hint: 'Write it so that each text can be read in one way only, without repetitions in repetitions.'},
  )
}
