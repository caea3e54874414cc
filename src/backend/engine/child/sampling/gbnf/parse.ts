import type {Pieces} from '../pieces.js'
import {GrammarFault, type Choices, type CodeRange, type Grammar, type Item, type Sequence} from './grammar.js'

/** Highest bound of a repetition that is held. */
export const mostRepetitions = 1_000_000

/** Levels of groups and of repetitions of repetitions, because they are read recursively. */
const deepestNesting = 200

/** Longest text of a grammar, in UTF-16 units. */
const longestText = 2_000_000
/** Characters and ranges in one class of characters. */
const mostRanges = 20_000

/** Digits of hexadecimal escapes. */
const hexDigits: Readonly<Record<string, number>> = {x: 2, u: 4, U: 8}
const escapes: Readonly<Record<string, string>> = {
  t: '\t',
  r: '\r',
  n: '\n',
  '\\': '\\',
  '"': '"',
  '[': '[',
  ']': ']',
  '-': '-',
}

/** Stands for a code that is no character. */
const noCharacter = 0xd800
/** Characters that are read between two yields. */
const charactersAtOnce = 500

/**
 * Reads a GBNF grammar as llama.cpp's parser does. That one prints its reason only to standard error, without the place,
 * and silently drops an upper bound that is too high for it.
 *
 * @throws `GrammarFault`
 */
export function* parseGrammar(text: string): Pieces<Grammar> {
  if (text.length > longestText)
    throw new GrammarFault(`it has ${text.length} characters; at most ${longestText} are supported`)
  const nul = text.indexOf('\0')
  if (nul >= 0) throw new GrammarFault('there is a NUL character, where llama.cpp would stop reading,', nul)
  const half = text.search(/\p{Surrogate}/u)
  if (half >= 0) throw new GrammarFault('there is half of a UTF-16 surrogate pair', half)
  return {rules: yield* new Parser(text).rules()}
}

class Parser {
  private offset = 0
  private depth = 0

  constructor(private readonly text: string) {}

  *rules(): Pieces<Map<string, Choices>> {
    const rules = new Map<string, Choices>()
    this.skip(true)
    while (this.offset < this.text.length) {
      const name = this.take(/[a-zA-Z0-9-]+/y)
      if (name === undefined) throw this.fault('expecting the name of a rule')
      this.skip(false)
      if (this.take(/::=/y) === undefined) throw this.fault('expecting ::=')
      this.skip(true)
      rules.set(name, yield* this.choices(false))
      if (this.offset < this.text.length && this.take(/\r\n|\r|\n/y) === undefined)
        throw this.fault('expecting a line break or the end')
      this.skip(true)
    }
    return rules
  }

  private *choices(isNested: boolean): Pieces<Choices> {
    const all = [yield* this.sequence(isNested)]
    while (this.take(/\|/y) !== undefined) {
      this.skip(true)
      all.push(yield* this.sequence(isNested))
    }
    return all
  }

  private *sequence(isNested: boolean): Pieces<Sequence> {
    const items: Item[] = []
    let repeated = 0
    for (;;) {
      const item = yield* this.symbol()
      if (item !== undefined) {
        items.push(item)
        repeated = 0
      } else {
        const at = this.offset
        const range = this.repetition(isNested)
        if (range === undefined) return items
        const before = items.pop()
        if (before === undefined || (before.kind === 'text' && before.text === ''))
          throw new GrammarFault('expecting something to repeat', at)
        if (++repeated > deepestNesting) throw tooDeep(at)
        items.push({kind: 'repetition', item: before, ...range})
      }
      this.skip(isNested)
      yield
    }
  }

  private *symbol(): Pieces<Item | undefined> {
    const start = this.offset
    switch (this.text[start]) {
      case '"':
        return yield* this.literal()
      case '[':
        return yield* this.characters()
      case '<':
      case '!':
        return this.token()
      case '(':
        return yield* this.group()
      case '.':
        this.offset++
        return {kind: 'class', ranges: [], isNegated: true}
      case undefined:
      default: {
        const name = this.take(/[a-zA-Z0-9-]+/y)
        return name === undefined ? undefined : {kind: 'rule', name, offset: start}
      }
    }
  }

  private *literal(): Pieces<Item> {
    this.offset++
    const parts: string[] = []
    for (let count = 1; this.text[this.offset] !== '"'; count++) {
      parts.push(this.take(/[^"\\]+/y) ?? String.fromCodePoint(this.character()))
      if (count % charactersAtOnce === 0) yield
    }
    this.offset++
    return {kind: 'text', text: parts.join('')}
  }

  private *characters(): Pieces<Item> {
    const start = this.offset++
    const isNegated = this.text[this.offset] === '^'
    if (isNegated) this.offset++
    const ranges: CodeRange[] = []
    for (let count = 1; this.text[this.offset] !== ']'; count++) {
      const from = this.character()
      let to = from
      if (this.text[this.offset] === '-' && this.text[this.offset + 1] !== ']') {
        this.offset++
        to = this.character(0x10ffff)
      }
      ranges.push([from, to])
      if (count > mostRanges) throw new GrammarFault(`more than ${mostRanges} characters and ranges in a class`, start)
      if (count % charactersAtOnce === 0) yield
    }
    this.offset++
    return {kind: 'class', ranges, isNegated}
  }

  /** The code point of one character. @param beyond what an escape for a code beyond all characters is read as */
  private character(beyond = noCharacter): number {
    const start = this.offset
    const code = this.text.codePointAt(start)
    if (code === undefined) throw this.fault('unexpected end')
    this.offset += code > 0xffff ? 2 : 1
    if (code !== 0x5c) return code
    const escaped = this.text[this.offset++] ?? ''
    const digits = hexDigits[escaped]
    if (digits === undefined) {
      const meant = escapes[escaped]
      if (meant === undefined) throw new GrammarFault(`unknown escape \\${escaped}`, start)
      return meant.charCodeAt(0)
    }
    const written = this.text.slice(this.offset, this.offset + digits)
    if (written.length < digits || /[^0-9a-fA-F]/.test(written))
      throw new GrammarFault(`expecting ${digits} hexadecimal digits after \\${escaped}`, start)
    this.offset += digits
    const value = Number.parseInt(written, 16)
    return value <= 0x10ffff ? value : beyond
  }

  private token(): Item {
    const start = this.offset
    const text = this.take(/!?<\[[0-9]{1,9}\]>/y)
    if (text === undefined) throw new GrammarFault('expecting a token by its id, as <[12]>', start)
    return {kind: 'token', id: Number(text.replaceAll(/\D/g, '')), isNegated: text.startsWith('!')}
  }

  private *group(): Pieces<Item> {
    const start = this.offset++
    if (++this.depth > deepestNesting) throw tooDeep(start)
    this.skip(true)
    const choices = yield* this.choices(true)
    if (this.take(/\)/y) === undefined) throw this.fault("expecting ')'")
    this.depth--
    return {kind: 'group', choices}
  }

  private repetition(isNested: boolean): {least: number; most: number} | undefined {
    switch (this.take(/[*+?{]/y)) {
      case '*':
        return {least: 0, most: Infinity}
      case '+':
        return {least: 1, most: Infinity}
      case '?':
        return {least: 0, most: 1}
      case '{':
        return this.bounds(isNested)
      case undefined:
      default:
        return undefined
    }
  }

  private bounds(isNested: boolean): {least: number; most: number} {
    const start = this.offset
    this.skip(isNested)
    const least = this.bound()
    if (least === undefined) throw this.fault('expecting a number')
    this.skip(isNested)
    let most = least
    if (this.take(/,/y) !== undefined) {
      this.skip(isNested)
      most = this.bound() ?? Infinity
      this.skip(isNested)
    }
    if (this.take(/\}/y) === undefined) throw this.fault("expecting '}'")
    if (most < least) throw new GrammarFault(`a repetition of at least ${least} and at most ${most} times`, start)
    return {least, most}
  }

  private bound(): number | undefined {
    const start = this.offset
    const digits = this.take(/[0-9]+/y)
    if (digits === undefined) return undefined
    if (Number(digits) <= mostRepetitions) return Number(digits)
    throw new GrammarFault(`a repetition of ${digits} times, more than ${mostRepetitions},`, start)
  }

  /** White space and comments; line breaks end a rule, except within parentheses. */
  private skip(lineBreaks: boolean): void {
    const pattern = lineBreaks ? /[ \t\r\n]+|#[^\r\n]*/y : /[ \t]+|#[^\r\n]*/y
    let skipped: string | undefined
    do skipped = this.take(pattern)
    while (skipped !== undefined)
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset
    const found = pattern.exec(this.text)?.[0]
    this.offset += found?.length ?? 0
    return found
  }

  private fault(reason: string): GrammarFault {
    return new GrammarFault(reason, this.offset)
  }
}

function tooDeep(offset: number): GrammarFault {
  return new GrammarFault(`it is nested more than ${deepestNesting} levels deep`, offset)
}
