import type {SpecialToken, SpecialTokens} from './special-tokens.js'

/** Where a message's text begins and ends in a rendered prompt; a bound is absent if the template cut that end off. */
export interface Place {
  start?: number
  end?: number
}

/** What the marks tell about a rendered prompt. */
export interface Reading {
  /** The prompt without the marks. */
  text: string
  /** By message; absent if the prompt does not show it. */
  places: Map<number, Place>
  /** Special tokens that stand where no message wrote them. */
  specials: SpecialToken[]
}

export interface Markable {
  content: string
}

// Private-use characters of the last two planes: real texts rarely have them, and `Marks` avoids those that they have.
const first = 0xf0000
const last = 0x10fffd

/**
 * Marks messages with characters that no text has, so that a rendered prompt shows where each of them stands. The marks
 * stand inside a message's white space, so that a template which trims it does the same as without them.
 */
export class Marks {
  private readonly used: ReadonlySet<string>
  private readonly meanings = new Map<string, {index: number; end: boolean} | 'special'>()
  private readonly chosen = new Map<string, string>()
  private next = first

  /** @param texts every text that a prompt may have */
  constructor(
    private readonly tokens: SpecialTokens,
    private readonly texts: readonly string[],
  ) {
    this.used = new Set(texts.flatMap((text) => text.match(/[\u{f0000}-\u{10ffff}]/gu) ?? []))
  }

  /** A message with marks at its ends, and before each special token that it writes. */
  mark<Message extends Markable>(message: Message, index: number): Message {
    const {content} = message
    const body = content.trim()
    if (body === '') return message
    const lead = content.slice(0, content.length - content.trimStart().length)
    const trail = content.slice(lead.length + body.length)
    const start = this.character({index, end: false})
    const end = this.character({index, end: true})
    return {...message, content: lead + start + this.markSpecials(body) + end + trail}
  }

  /** A message with marks before its special tokens only. */
  markSpecialsOf<Message extends Markable>(message: Message): Message {
    return {...message, content: this.markSpecials(message.content)}
  }

  /**
   * A message whose special tokens begin with another character of the same size, and how to undo that; `undefined` if
   * it cannot be undone.
   */
  hideSpecialsOf<Message extends Markable>(
    message: Message,
  ): {message: Message; read: (rendered: string) => Reading} | undefined {
    const {content} = message
    const found = this.tokens.find(content)
    const firsts = new Set(found.map(({start}) => content[start] ?? ''))
    const [first = ''] = firsts
    const hidden = ['\u0001', '\u0002', '\u0003', '\u0004'].find((character) => !this.has(character))
    if (firsts.size !== 1 || hidden === undefined) return undefined
    const characters = content.split('')
    for (const {start} of found) characters[start] = hidden
    const read = (rendered: string): Reading => ({
      text: rendered.replaceAll(hidden, first),
      places: new Map(),
      specials: this.tokens.find(rendered),
    })
    return {message: {...message, content: characters.join('')}, read}
  }

  private has(character: string): boolean {
    return this.texts.some((text) => text.includes(character))
  }

  private markSpecials(text: string): string {
    const mark = this.character('special')
    const parts: string[] = []
    let from = 0
    for (const {start} of this.tokens.find(text)) {
      parts.push(text.slice(from, start), mark)
      from = start
    }
    return parts.join('') + text.slice(from)
  }

  /** Takes the marks out of a rendered prompt. */
  read(rendered: string): Reading {
    const places = new Map<number, Place>()
    const removed: number[] = []
    const pieces: string[] = []
    let from = 0
    let length = 0
    for (const {0: character, index: at} of rendered.matchAll(/[\u{f0000}-\u{10ffff}]/gu)) {
      const meaning = this.meanings.get(character)
      if (meaning === undefined) continue
      pieces.push(rendered.slice(from, at))
      length += at - from
      from = at + character.length
      removed.push(at)
      if (meaning === 'special') continue
      // A template may show a message twice; the last one is where an answer of it can stand.
      places.set(meaning.index, {...places.get(meaning.index), [meaning.end ? 'end' : 'start']: length})
    }
    const text = pieces.join('') + rendered.slice(from)
    return {text, places, specials: this.specialsOf(rendered, removed)}
  }

  /** The special tokens of the marked text, which are those of the template, where they stand without the marks. */
  private specialsOf(marked: string, removed: readonly number[]): SpecialToken[] {
    const own = this.chosen.get('special')
    let passed = 0
    return this.tokens.find(marked).flatMap(({token, start, end}) => {
      while (passed < removed.length && (removed[passed] ?? 0) < start) passed++
      if (own !== undefined && marked.startsWith(own, start - own.length)) return []
      const shift = passed * 2
      return [{token, start: start - shift, end: end - shift}]
    })
  }

  private character(meaning: {index: number; end: boolean} | 'special'): string {
    const key = meaning === 'special' ? meaning : `${meaning.index} ${meaning.end ? 'end' : 'start'}`
    const known = this.chosen.get(key)
    if (known !== undefined) return known
    let character: string
    do {
      if (this.next > last) throw new RangeError('The conversation has too many messages to mark.')
      character = String.fromCodePoint(this.next++)
    } while (this.used.has(character) || /[\u{ffffe}\u{fffff}]/u.test(character))
    this.chosen.set(key, character)
    this.meanings.set(character, meaning)
    return character
  }
}
