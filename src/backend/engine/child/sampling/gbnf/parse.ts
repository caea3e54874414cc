import {GrammarFault, type Choices, type Grammar, type Item} from './grammar.js'

/** Highest bound of a repetition that is held. */
export const mostRepetitions = 1_000_000

/** Levels of groups and of repetitions of repetitions, because they are read recursively. */
const deepestNesting = 200

const hexDigits: Readonly<Record<string, number>> = {x: 2, u: 4, U: 8}

/**
 * Reads a GBNF grammar as llama.cpp's parser does. That one prints its reason only to standard error, without the place,
 * and silently drops an upper bound that is too high for it.
 *
 * @throws `GrammarFault`
 */
export function parseGrammar(text: string): Grammar {
  const nul = text.indexOf('\0')
  if (nul >= 0) throw new GrammarFault('there is a NUL character, where llama.cpp would stop reading,', nul)
  const half = text.search(/\p{Surrogate}/u)
  if (half >= 0) throw new GrammarFault('there is half of a UTF-16 surrogate pair', half)
  return {text, rules: new Parser(text).rules()}
}

class Parser {
  private offset = 0
  private depth = 0

  constructor(private readonly text: string) {}

  rules(): Map<string, Choices> {
    const rules = new Map<string, Choices>()
    this.skip(true)
    while (this.offset < this.text.length) {
      const name = this.take(/[a-zA-Z0-9-]+/y)
      if (name === undefined) throw this.fault('expecting the name of a rule')
      this.skip(false)
      if (this.take(/::=/y) === undefined) throw this.fault('expecting ::=')
      this.skip(true)
      rules.set(name, this.choices(false))
      if (this.offset < this.text.length && this.take(/\r\n|\r|\n/y) === undefined)
        throw this.fault('expecting a line break or the end')
      this.skip(true)
    }
    return rules
  }

  private choices(isNested: boolean): Choices {
    const all = [this.sequence(isNested)]
    while (this.take(/\|/y) !== undefined) {
      this.skip(true)
      all.push(this.sequence(isNested))
    }
    return all
  }

  private sequence(isNested: boolean): Item[] {
    const items: Item[] = []
    let repeated = 0
    for (;;) {
      const item = this.symbol()
      if (item !== undefined) {
        items.push(item)
        repeated = 0
      } else {
        const at = this.offset
        const range = this.repetition(isNested)
        if (range === undefined) return items
        const before = items.pop()
        if (before === undefined || (before.kind === 'terminal' && before.size === 0))
          throw new GrammarFault('expecting something to repeat', at)
        if (++repeated > deepestNesting) throw tooDeep(at)
        items.push({kind: 'repetition', item: before, ...range})
      }
      this.skip(isNested)
    }
  }

  private symbol(): Item | undefined {
    const start = this.offset
    switch (this.text[start]) {
      case '"':
        return this.literal()
      case '[':
        return this.characters()
      case '<':
      case '!':
        return this.token()
      case '(':
        return this.group()
      case '.':
        this.offset++
        return {kind: 'terminal', text: '.', size: 1}
      case undefined:
      default: {
        const name = this.take(/[a-zA-Z0-9-]+/y)
        return name === undefined ? undefined : {kind: 'rule', name, offset: start}
      }
    }
  }

  private literal(): Item {
    const start = this.offset++
    let size = 0
    for (; this.text[this.offset] !== '"'; size++) this.character()
    this.offset++
    return {kind: 'terminal', text: this.text.slice(start, this.offset), size}
  }

  private characters(): Item {
    const start = this.offset++
    let size = 0
    if (this.text[this.offset] === '^') this.offset++
    for (; this.text[this.offset] !== ']'; size++) {
      this.character()
      if (this.text[this.offset] !== '-' || this.text[this.offset + 1] === ']') continue
      this.offset++
      this.character()
      size++
    }
    this.offset++
    return {kind: 'terminal', text: this.text.slice(start, this.offset), size}
  }

  private character(): void {
    const start = this.offset
    const code = this.text.codePointAt(start)
    if (code === undefined) throw this.fault('unexpected end')
    this.offset += code > 0xffff ? 2 : 1
    if (code !== 0x5c) return
    const escaped = this.text[this.offset++] ?? ''
    const digits = hexDigits[escaped]
    if (digits === undefined) {
      if (!/^[trn\\"[\]-]$/.test(escaped)) throw new GrammarFault(`unknown escape \\${escaped}`, start)
    } else if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(this.text.slice(this.offset, this.offset + digits))) {
      throw new GrammarFault(`expecting ${digits} hexadecimal digits after \\${escaped}`, start)
    } else this.offset += digits
  }

  private token(): Item {
    const start = this.offset
    const text = this.take(/!?<\[[0-9]{1,9}\]>/y)
    if (text === undefined) throw new GrammarFault('expecting a token by its id, as <[12]>', start)
    return {kind: 'terminal', text, size: 1}
  }

  private group(): Item {
    const start = this.offset++
    if (++this.depth > deepestNesting) throw tooDeep(start)
    this.skip(true)
    const choices = this.choices(true)
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
