import {sanitize} from '../terminal/sanitize.js'
import {TransientLine} from '../terminal/transient-line.js'
import type {Output} from '../terminal/style.js'
import {duration} from '../terminal/units.js'
import type {MeasureOptions} from './measure.js'
import type {Test} from './result.js'

type Step = Parameters<NonNullable<MeasureOptions['onStep']>>[0]

export interface Amount {
  tests: number
  subjects: number
  repetitions: number
  warmup: number
}

/** Shows the current measurement: in place on a terminal, elsewhere as one line per test. */
export class Progress implements Disposable {
  private readonly line: TransientLine
  private readonly eta: Eta
  private told: Test | undefined

  constructor(
    private readonly output: Output,
    private readonly amount: Amount,
    now: () => number = () => performance.now(),
  ) {
    this.line = new TransientLine(output, '', 0)
    this.eta = new Eta(amount, now)
  }

  step({test, subject, repetition}: Step): void {
    const left = this.eta.step(test.name)
    const {repetitions} = this.amount
    const round = repetition === 0 ? 'warm-up' : `${repetition} of ${repetitions}`
    const rest = left === undefined || left < 1000 ? '' : `, about ${duration(left)} left`
    this.line.update(`${test.name}: ${subject}, ${round}${rest}`)
    if (this.output.isTTY || test === this.told) return
    this.told = test
    this.output.write(sanitize(`Measuring ${test.name}${rest}\n`))
  }

  [Symbol.dispose](): void {
    this.line[Symbol.dispose]()
  }
}

/** Estimates the remaining time: steps of a known test take as long as its own did, others as long as the average. */
export class Eta {
  private readonly spent = new Map<string, {ms: number; steps: number}>()
  private current: {test: string; since: number} | undefined

  constructor(
    private readonly amount: Amount,
    private readonly now: () => number,
  ) {}

  /** Called when a step of this test starts. Returns milliseconds to the end of the run; `undefined` if unknown. */
  step(test: string): number | undefined {
    const now = this.now()
    if (this.current !== undefined) {
      const {ms, steps} = this.spent.get(this.current.test) ?? {ms: 0, steps: 0}
      this.spent.set(this.current.test, {ms: ms + now - this.current.since, steps: steps + 1})
    }
    this.current = {test, since: now}
    const all = [...this.spent.values()]
    const steps = all.reduce((sum, one) => sum + one.steps, 0)
    if (steps === 0) return undefined
    const mean = all.reduce((sum, one) => sum + one.ms, 0) / steps
    const {tests, subjects, repetitions, warmup} = this.amount
    const each = subjects * (repetitions + warmup)
    const own = this.spent.get(test)
    const ownLeft = each - (own?.steps ?? 0)
    const begun = this.spent.size + (own === undefined ? 1 : 0)
    return ownLeft * (own === undefined ? mean : own.ms / own.steps) + (tests - begun) * each * mean
  }
}
