import {realClock, type Clock} from '../system/clock.js'
import {TransientLine} from '../terminal/transient-line.js'
import type {Output} from '../terminal/style.js'
import {duration, short} from '../terminal/units.js'

/** Progress of a batch. */
export interface ProgressState {
  /** Finished items of this run, and how many of them failed. */
  ended: number
  failed: number
  /** Items that already had a row. */
  skipped: number
  /** Items of the whole input; `undefined` if unknown. */
  total: number | undefined
  outputTokens: number
  elapsedMs: number
}

/** Interval of the display: in place on a terminal, as lines elsewhere. */
const terminalMs = 250
const linesMs = 10_000

/** Shows the progress until it is disposed. */
export class Progress implements Disposable {
  private readonly line: TransientLine | undefined
  private cancel: () => void = () => undefined

  constructor(
    private readonly output: Output,
    private readonly state: () => ProgressState,
    private readonly clock: Clock = realClock,
  ) {
    if (output.isTTY) this.line = new TransientLine(output, progressLine(state(), true))
    this.again()
  }

  /** Prints a permanent line. */
  say(text: string): void {
    if (this.line === undefined) this.output.write(`${text}\n`)
    else this.line.say(text)
  }

  /** Prints the last line: nothing is shown after it. */
  conclude(text: string): void {
    this[Symbol.dispose]()
    this.output.write(`${text}\n`)
  }

  [Symbol.dispose](): void {
    this.cancel()
    this.line?.[Symbol.dispose]()
  }

  private again(): void {
    this.cancel = this.clock.after(this.line === undefined ? linesMs : terminalMs, () => {
      if (this.line === undefined) this.output.write(`${progressLine(this.state(), false)}\n`)
      else this.line.update(progressLine(this.state(), true))
      this.again()
    })
  }
}

const barWidth = 20

export function progressLine(state: ProgressState, withBar: boolean): string {
  const {ended, failed, skipped, total, outputTokens, elapsedMs} = state
  const done = ended + skipped
  const seconds = elapsedMs / 1000
  const [items, tokens] = seconds > 0 ? [ended / seconds, outputTokens / seconds] : [0, 0]
  const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total)
  const filled = Math.floor((share ?? 0) * barWidth)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] `
  return [
    `${withBar && share !== undefined ? bar : ''}${done}${total === undefined ? '' : `/${total}`} items`,
    ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
    `${short(items)} items/s`,
    `${short(tokens)} tokens/s`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(total !== undefined && items > 0 && done < total ? [`${duration(((total - done) / items) * 1000)} left`] : []),
  ].join(' · ')
}
