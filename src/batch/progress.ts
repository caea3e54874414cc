import {realClock, type Clock} from '../system/clock.js'
import {sanitize} from '../terminal/sanitize.js'
import {TransientLine} from '../terminal/transient-line.js'
import type {Output} from '../terminal/style.js'
import {duration, plural, short} from '../terminal/units.js'

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
    if (output.isTTY) this.line = new TransientLine(output, '')
    this.show()
    this.again()
  }

  /** Prints a permanent line. */
  say(text: string): void {
    if (this.line === undefined) this.output.write(`${sanitize(text)}\n`)
    else this.line.say(text)
  }

  /** Prints the last line: nothing is shown after it. */
  conclude(text: string): void {
    this[Symbol.dispose]()
    this.output.write(`${sanitize(text)}\n`)
  }

  [Symbol.dispose](): void {
    this.cancel()
    this.line?.[Symbol.dispose]()
  }

  private again(): void {
    this.cancel = this.clock.after(this.line === undefined ? linesMs : terminalMs, () => {
      if (this.line === undefined) this.output.write(`${progressLine(this.state())}\n`)
      this.show()
      this.again()
    })
  }

  private show(): void {
    this.line?.update(progressLine(this.state(), this.line.width))
  }
}

const barWidth = 20

/** A part of the line. Without a rank it always stays; else the highest goes first where the line is too long. */
interface Part {
  text: string
  rank?: number
}

/** The progress as one line, for a terminal with a bar, in so many columns: what does not fit is left out. */
export function progressLine(state: ProgressState, columns?: number): string {
  const {ended, failed, skipped, total, outputTokens, elapsedMs} = state
  const done = ended + skipped
  const seconds = elapsedMs / 1000
  const [items, tokens] = seconds > 0 ? [ended / seconds, outputTokens / seconds] : [0, 0]
  const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total)
  const isUnderWay = total !== undefined && items > 0 && done < total
  const parts: Part[] = [
    {text: total === undefined ? plural(done, 'item') : `${done}/${plural(total, 'item')}`},
    ...(share === undefined ? [] : [{text: `${Math.floor(share * 100)} %`, rank: 1}]),
    {text: `${short(items)} items/s`, rank: 2},
    {text: `${short(tokens)} tokens/s`, rank: 3},
    ...(failed > 0 ? [{text: `${failed} failed`}] : []),
    ...(isUnderWay ? [{text: `${duration(((total - done) / items) * 1000)} left`}] : []),
  ]
  if (columns === undefined) return join(parts)
  const line = (share === undefined ? '' : bar(share)) + join(parts)
  return line.length <= columns ? line : join(fit(parts, columns))
}

function bar(share: number): string {
  const filled = Math.floor(share * barWidth)
  return `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}] `
}

function fit(parts: readonly Part[], columns: number): readonly Part[] {
  const last = Math.max(...parts.map(({rank = 0}) => rank))
  if (last === 0 || join(parts).length <= columns) return parts
  return fit(
    parts.filter(({rank = 0}) => rank < last),
    columns,
  )
}

function join(parts: readonly Part[]): string {
  return parts.map(({text}) => text).join(' · ')
}
