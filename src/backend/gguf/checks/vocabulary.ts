import {isUtf8} from 'node:buffer'
import {shown} from './metadata.js'

/** Looks at the tokens of a vocabulary, one after the other. */
export class VocabularyCheck {
  private readonly seen = new Set<string>()
  private count = 0
  /** What is wrong with the first token that something is wrong with. */
  fault: string | undefined

  add(bytes: Buffer): void {
    const number = this.count++
    // llama.cpp gives a name of its own to each token without a text.
    if (this.fault !== undefined || bytes.length === 0) return
    const text = bytes.toString('latin1')
    // llama.cpp asserts that all are different; it writes the bytes of one that is not UTF-8 as question marks.
    if (this.seen.has(text))
      this.fault = `token ${number} has the same text as an earlier one: ${shown(bytes.toString())}`
    else if (!isUtf8(bytes)) this.fault = `token ${number} is not UTF-8: ${shown(bytes.toString())}`
    this.seen.add(text)
  }
}
