import {StringDecoder} from 'node:string_decoder'
import {Transform, type TransformCallback} from 'node:stream'

/** Symbols for a newline and a tab in a line that is being edited. */
export const newlineMark = '⏎'
export const tabMark = '⇥'

export const bracketedPaste = {on: '\u001b[?2004h', off: '\u001b[?2004l'} as const

const pasteStart = '\u001b[200~'
const pasteEnd = '\u001b[201~'
const interruptKey = '\u0003'

/** Converts the symbols of a line back to newlines and tabs. */
export function withoutMarks(line: string): string {
  return line.replaceAll(newlineMark, '\n').replaceAll(tabMark, '\t')
}

/** A text on one line, for the editor. */
export function withMarks(text: string): string {
  // The editor treats Unicode's line separators as newlines, too.
  return text.replace(/\r\n?|[\n\u2028\u2029]/g, newlineMark).replaceAll('\t', tabMark)
}

/** An escape sequence whose end is still missing. */
const unfinished = /\u001b(?:\[[\d;?]*|O)?$/

/** A key, or a run of text. */
const keyOrText = /\u001b(?:\[[\d;?]*[^\d;?]?|O.|.)?|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/gsu

const oneKey = /^(?:[\u0000-\u001f\u007f].*|.)$/su

/**
 * Sits between the terminal and the line editor, which supports neither pasted newlines nor pauses. Pasted text gets
 * symbols, and after each line the keys are held back until the next one is requested. Ctrl-C is never passed on: it is
 * always the event `interrupt`. Several characters that arrive together are the event `text`: the editor would lose its
 * row on the screen, and the cursor's place in the line, if it got them as keys. Keys are the event `data`, emitted
 * directly, because a stream's buffer would change the order of the events.
 */
export class Keyboard extends Transform {
  private readonly decoder = new StringDecoder('utf8')
  private waiting = ''
  private isOpen = false
  private isPasting = false
  private afterReturn = false

  /** Sets the terminal's mode; the editor calls it on its input. */
  constructor(readonly setRawMode: (raw: boolean) => void) {
    super()
  }

  /** Lets keys through until the next end of a line. */
  open(): void {
    this.isOpen = true
    this.pump()
  }

  override resume(): this {
    super.resume()
    this.pump()
    return this
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.waiting += this.decoder.write(chunk)
    this.pump()
    done()
  }

  private pump(): void {
    // The editor pauses its input while it completes a word.
    while (this.waiting !== '' && !this.isPaused()) {
      if (!this.isOpen) {
        this.takeInterrupts()
        return
      }
      if (!(this.isPasting ? this.passPaste() : this.passKeys())) return
    }
  }

  /** During an answer, Ctrl-C stops the answer and discards typed keys, as at a prompt. */
  private takeInterrupts(): void {
    for (let at = this.interruptAt(); at !== -1; at = this.interruptAt()) {
      this.waiting = this.waiting.slice(at + 1)
      this.interrupted()
    }
  }

  private interruptAt(): number {
    const pastesAndInterrupts = this.waiting.matchAll(/\u001b\[200~.*?(?:\u001b\[201~|$)|\u0003/gs)
    return [...pastesAndInterrupts].find(([match]) => match === interruptKey)?.index ?? -1
  }

  /** Passes on input before a paste or the end of a line. `false`: more input is needed. */
  private passKeys(): boolean {
    const special = /\u001b\[200~|\u001b[\r\n]|[\t\r\n\u0003]/.exec(this.waiting)
    if (special === null) return this.passAllBut(unfinished.exec(this.waiting)?.[0].length ?? 0)
    const [keys] = special
    this.passText(this.waiting.slice(0, special.index))
    this.waiting = this.waiting.slice(special.index + keys.length)
    const followsReturn = this.afterReturn && special.index === 0
    this.afterReturn = keys === '\r'
    switch (keys) {
      case pasteStart:
        this.isPasting = true
        break
      case interruptKey:
        this.isOpen = false
        // After the editor has processed the earlier keys.
        setImmediate(() => this.interrupted())
        break
      case '\t':
        // The editor completes only at the end of a chunk; elsewhere it treats a tab as pasted text.
        this.passKey('\t')
        break
      case '\r':
      case '\n':
        // A terminal sends \r, a pipe \n, and some programs both for one.
        if (keys === '\n' && followsReturn) break
        this.isOpen = false
        this.passKey('\r')
        break
      default:
        this.passKey(newlineMark)
    }
    return true
  }

  private passPaste(): boolean {
    const end = this.waiting.indexOf(pasteEnd)
    // A carriage return may be half of a newline.
    const held = end === -1 ? Math.max(partOf(pasteEnd, this.waiting), partOf('\r\n', this.waiting)) : 0
    const pasted = end === -1 ? this.waiting.slice(0, this.waiting.length - held) : this.waiting.slice(0, end)
    // A pasted escape sequence would be interpreted as keys.
    this.passText(withMarks(pasted).replace(/[\u0000-\u001f\u007f]/g, ''))
    this.waiting = this.waiting.slice(end === -1 ? pasted.length : end + pasteEnd.length)
    if (end === -1) return false
    this.isPasting = false
    return true
  }

  private passAllBut(held: number): boolean {
    this.passText(this.waiting.slice(0, this.waiting.length - held))
    this.waiting = held === 0 ? '' : this.waiting.slice(-held)
    return false
  }

  private passText(text: string): void {
    if (text === '') return
    this.afterReturn = false
    for (const [part] of text.matchAll(keyOrText)) {
      if (oneKey.test(part)) this.passKey(part)
      else this.emit('text', part)
    }
  }

  private passKey(key: string): void {
    this.emit('data', key)
  }

  private interrupted(): void {
    this.emit('interrupt')
  }
}

/** How many characters at the end of the text may start that sequence. */
function partOf(sequence: string, text: string): number {
  for (let length = Math.min(sequence.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(sequence.slice(0, length))) return length
  }
  return 0
}
