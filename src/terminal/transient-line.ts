import {sanitize, sanitizeLine} from './sanitize.js'
import {paint, type Output} from './style.js'
import {cutToWidth} from './width.js'

const eraseLine = '\r\u001b[K'

/** Columns that stay free: the terminal writes a ^C after the line, or two. A line that wraps cannot be erased. */
const room = '^C^C'.length + 1

/** A line on a terminal that says what is going on when it takes long, and goes again. Elsewhere it does nothing. */
export class TransientLine implements Disposable {
  private text: string
  private isShown = false
  private readonly timer: NodeJS.Timeout | undefined

  constructor(
    private readonly output: Output,
    text: string,
    /** How long a wait must be to be worth a word. */
    delayMs = 1000,
  ) {
    this.text = text
    if (output.isTTY) this.timer = setTimeout(() => this.show(), delayMs)
  }

  update(text: string): void {
    this.text = text
    if (this.isShown) this.show()
  }

  /** A line that stays, above this one. */
  say(text: string): void {
    this.output.write(`${this.isShown ? eraseLine : ''}${sanitize(text)}\n`)
    if (this.isShown) this.show()
  }

  /** Columns that a text may have; the rest of a longer one is not shown. */
  get width(): number {
    return Math.max(0, this.output.columns - room)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer)
    process.off('exit', this.erase)
    this.erase()
  }

  private show(): void {
    // A second signal ends the process at once.
    if (!this.isShown) process.on('exit', this.erase)
    this.isShown = true
    this.output.write(eraseLine + paint(this.output, 'dim', cutToWidth(sanitizeLine(this.text), this.width)))
  }

  private readonly erase = (): void => {
    if (this.isShown) this.output.write(eraseLine)
    this.isShown = false
  }
}
