import type {Work} from './work.js'

/** A call of a rule that has not ended: the position after it, and the calls around that. */
export interface Call {
  readonly id: number
  /** The position after the call; -1 for the whole grammar. */
  readonly back: number
  readonly around: Calls | undefined
}

/** Calls that may be the innermost one, in the order of their ids. */
export interface Calls {
  readonly id: number
  readonly all: readonly Call[]
}

/**
 * What may come next after some text: positions that consume bytes or tokens, each with the calls that it may be in.
 * Ambiguous texts have many derivations, but each position is there once.
 */
export interface State {
  readonly id: number
  readonly positions: readonly number[]
  readonly calls: readonly Calls[]
  /** Whether the text is complete. */
  readonly isComplete: boolean
  /** States after a byte of each class; `null` is none. */
  next: (State | null | undefined)[]
}

/** Gives equal calls and states the same object, so that each is computed once. */
export class States {
  private ids = 0
  private readonly callsByKey = new Map<string, Call>()
  private readonly setsByKey = new Map<string, Calls>()
  private readonly statesByKey = new Map<string, State>()
  /** Numbers kept, a measure of memory. */
  private kept = 0

  constructor(
    private readonly most: number,
    private readonly classes: number,
    private readonly work: Work,
  ) {}

  call(back: number, around: Calls | undefined): Call {
    return this.once(this.callsByKey, `${back} ${around?.id ?? ''}`, 4, () => ({id: this.ids++, back, around}))
  }

  calls(found: Iterable<Call>): Calls {
    const all = [...found].sort((a, b) => a.id - b.id)
    this.work.add(all.length * 4)
    const key = all.map(({id}) => id).join(' ')
    return this.once(this.setsByKey, key, all.length, () => ({id: this.ids++, all}))
  }

  state(items: readonly (readonly [position: number, calls: Calls])[], isComplete: boolean): State {
    const sorted = [...items].sort(([a], [b]) => a - b)
    this.work.add(sorted.length * 2)
    const key = `${isComplete ? '.' : ''}${sorted.map(([position, {id}]) => `${position} ${id}`).join(',')}`
    return this.once(this.statesByKey, key, sorted.length * 2 + this.classes, () => ({
      id: this.ids++,
      positions: sorted.map(([position]) => position),
      calls: sorted.map(([, calls]) => calls),
      isComplete,
      next: [],
    }))
  }

  private once<Value>(known: Map<string, Value>, key: string, size: number, make: () => Value): Value {
    let value = known.get(key)
    if (value === undefined) {
      value = make()
      known.set(key, value)
      this.kept += size
    }
    return value
  }

  /**
   * Forgets everything if it has become too much. Objects in use still work, but are not found again.
   *
   * @returns whether it was too much
   */
  trim(): boolean {
    if (this.kept <= this.most) return false
    this.callsByKey.clear()
    this.setsByKey.clear()
    for (const state of this.statesByKey.values()) state.next = []
    this.statesByKey.clear()
    this.kept = 0
    return true
  }
}
