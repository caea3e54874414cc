import {addedColumns} from './width.js'

/** A shorter word is held back near the edge until it is clear whether it fits; a longer one may be broken. */
const longWord = 24

/** Closing punctuation does not start a line. */
const closing = /^[\p{Pe}\p{Pf}\p{Po}]$/u
const letterOrDigit = /^[\p{L}\p{N}]$/u
const zeroWidthJoiner = '\u200d'
const skinTone = /^[\u{1f3fb}-\u{1f3ff}]$/u
/** No-break spaces are part of their word. */
const space = /^[ \t\u3000]$/u
const tabWidth = 8

/** Starts and ends a block of code, in Markdown. */
const fence = /^\s*(?:`{3}|~{3})$/

/**
 * Breaks lines between words for a terminal, while the text arrives in pieces. Only a word that starts near the right
 * edge waits for its end; all other text can be written at once. Nothing is written twice and the cursor never moves
 * back. Lines of code blocks are left to the terminal, so that they can be copied.
 */
export class WordWrap {
  /** Where the cursor is after what was returned. */
  private column = 0
  private held = ''
  private heldWidth = 0
  private isHolding = false
  private isInWord = false
  /** The last character of the word, and its width. */
  private last = ''
  private before = 0
  /** The start of the line, as far as it may be a fence. */
  private head = ''
  private isCode = false

  constructor(
    /** Width of the terminal; 0 or `undefined` if it is unknown, and then no line is broken. */
    private readonly columns: () => number | undefined,
    private readonly longest = longWord,
  ) {}

  /** The text that can be written now. */
  add(text: string): string {
    const width = this.columns() || Infinity
    let out = ''
    for (const character of text) out += this.next(character, width)
    return out
  }

  /** The text that was held back. */
  end(): string {
    return this.endWord()
  }

  private next(character: string, width: number): string {
    if (character === '\n') return this.newLine()
    this.watchFence(character)
    if (this.isCode) return this.endWord() + character
    if (space.test(character)) return this.endWord() + this.addSpace(character, width)
    const added = addedColumns(character, this.before)
    const isNewWord = this.startsWord(character, added)
    const out = isNewWord ? this.endWord() : ''
    if (isNewWord) this.startWord(width)
    this.last = character
    this.before = added === 0 ? this.before : added
    return out + this.addToWord(character, added, width)
  }

  private newLine(): string {
    const out = `${this.endWord()}\n`
    this.column = 0
    this.head = ''
    return out
  }

  private watchFence(character: string): void {
    if (this.head.trimStart().length >= 3) return
    this.head += character
    if (fence.test(this.head)) this.isCode = !this.isCode
  }

  /** A line may be broken before a wide character, and between a wide one and a word. */
  private startsWord(character: string, added: number): boolean {
    if (!this.isInWord) return true
    if (this.last === zeroWidthJoiner || skinTone.test(character)) return false
    if (added === 2) return !closing.test(character)
    return this.before === 2 && letterOrDigit.test(character)
  }

  private startWord(width: number): void {
    this.isInWord = true
    this.isHolding = this.column > 0 && width - this.column < Math.min(this.longest, width)
  }

  private addToWord(character: string, added: number, width: number): string {
    if (!this.isHolding) {
      // The terminal breaks a long word.
      this.column = this.column + added > width ? added : this.column + added
      return character
    }
    this.held += character
    this.heldWidth += added
    if (this.column + this.heldWidth <= width) return ''
    this.column = 0
    return `\n${this.release()}`
  }

  private addSpace(character: string, width: number): string {
    const next = character === '\t' ? nextTab(this.column) : this.column + addedColumns(character, 0)
    // At the edge, the end of the line stands for the space.
    if (next > width) return ''
    this.column = next
    return character
  }

  private endWord(): string {
    this.isInWord = false
    this.before = 0
    return this.release()
  }

  private release(): string {
    const {held} = this
    this.column += this.heldWidth
    this.held = ''
    this.heldWidth = 0
    this.isHolding = false
    return held
  }
}

function nextTab(column: number): number {
  return column - (column % tabWidth) + tabWidth
}

/** A whole text, with its lines broken between words. */
export function wrapText(text: string, columns: number | undefined): string {
  const wrap = new WordWrap(() => columns, Infinity)
  return wrap.add(text) + wrap.end()
}
