import {sanitize} from '../terminal/sanitize.js'
import type {Output} from '../terminal/style.js'
import {WordWrap} from '../terminal/word-wrap.js'

/** Writes an answer while it is generated. On a terminal its lines are broken between words; elsewhere it is unchanged. */
export class AnswerText {
  private readonly wrap: WordWrap | undefined
  private atLineStart = true

  constructor(private readonly out: Output) {
    if (out.isTTY) this.wrap = new WordWrap(() => out.columns)
  }

  add(text: string): void {
    if (text === '') return
    this.atLineStart = text.endsWith('\n')
    this.out.write(this.wrap?.add(sanitize(text)) ?? text)
  }

  /** Writes what was held back of the last word. */
  flush(): void {
    const rest = this.wrap?.end() ?? ''
    if (rest !== '') this.out.write(rest)
  }

  /** Leaves the cursor at the start of a line. */
  end(): void {
    this.flush()
    if (!this.atLineStart) this.out.write('\n')
    this.atLineStart = true
  }
}
