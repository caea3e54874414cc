import {paint, type Output} from './style.js'

const eraseLine = '\r\u001b[K'

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
    this.output.write(`${this.isShown ? eraseLine : ''}${text}\n`)
    if (this.isShown) this.show()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer)
    if (this.isShown) this.output.write(eraseLine)
    this.isShown = false
  }

  private show(): void {
    this.isShown = true
    // Longer than the line it could not be erased.
    const text = this.text.slice(0, Math.max(0, this.output.columns - 1))
    this.output.write(eraseLine + paint(this.output, 'dim', text))
  }
}
