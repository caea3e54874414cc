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
  /** By message; absent if the prompt has neither end of it. */
  places: Map<number, Place>
  /** Messages with a marked word in the prompt. */
  shown: Set<number>
  /** Special tokens that no message wrote unchanged. */
  specials: FoundSpecial[]
}

export interface FoundSpecial extends SpecialToken {
  /** Whether it stands between the ends of a message. */
  inside: boolean
}

/** A part of a text. */
interface Span {
  start: number
  end: number
}

/** What a mark stands before or after. */
type Meaning = {index: number; at: 'start' | 'end' | 'word'} | 'special' | 'special end'

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
  private readonly meanings = new Map<string, Meaning>()
  private readonly chosen = new Map<string, string>()
  private next = first

  /** @param texts every text that a prompt may have */
  constructor(
    private readonly tokens: SpecialTokens,
    private readonly texts: readonly string[],
  ) {
    this.used = new Set(texts.flatMap((text) => text.match(/[\u{f0000}-\u{10ffff}]/gu) ?? []))
  }

  /**
   * A message with marks at its ends, and before each special token that it writes.
   *
   * @param careful also marks every character that could become the first one of a special token
   */
  mark<Message extends Markable>(message: Message, index: number, {careful = false} = {}): Message {
    const {content} = message
    const body = content.trim()
    if (body === '') return message
    const lead = content.slice(0, content.length - content.trimStart().length)
    const trail = content.slice(lead.length + body.length)
    const start = this.character({index, at: 'start'})
    const end = this.character({index, at: 'end'})
    const before = careful ? this.tokens.possibleStarts(body) : this.tokens.find(body).map((found) => found.start)
    return {...message, content: lead + start + insert(body, before, this.character('special')) + end + trail}
  }

  /** A message with marks before and after its special tokens only. */
  markSpecialsOf<Message extends Markable>(message: Message): Message {
    const {content} = message
    const [before, after] = [this.character('special'), this.character('special end')]
    const parts: string[] = []
    let from = 0
    for (const {start, end} of this.tokens.find(content)) {
      parts.push(content.slice(from, start), before, content.slice(start, end), after)
      from = end
    }
    return {...message, content: parts.join('') + content.slice(from)}
  }

  /** A message with marks in its words, but not in those of `<tags>`, which a template may look for. */
  markWords<Message extends Markable>(message: Message, index: number): Message {
    const words = [...message.content.matchAll(/(?<![<\/|_\p{L}\p{N}])[\p{L}\p{N}]/gu)]
    const after = words.map(({0: first, index: at}) => at + first.length)
    return {...message, content: insert(message.content, after, this.character({index, at: 'word'}))}
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
      shown: new Set(),
      specials: this.tokens.find(rendered).map((found) => ({...found, inside: false})),
    })
    return {message: {...message, content: characters.join('')}, read}
  }

  private has(character: string): boolean {
    return this.texts.some((text) => text.includes(character))
  }

  /** Takes the marks out of a rendered prompt. */
  read(rendered: string): Reading {
    const places = new Map<number, Place>()
    const shown = new Set<number>()
    const removed: number[] = []
    const messages: Span[] = []
    const pieces: string[] = []
    let from = 0
    let length = 0
    let open: {index: number; start: number} | undefined
    for (const {0: character, index: at} of rendered.matchAll(/[\u{f0000}-\u{10ffff}]/gu)) {
      const meaning = this.meanings.get(character)
      if (meaning === undefined) continue
      pieces.push(rendered.slice(from, at))
      length += at - from
      from = at + character.length
      removed.push(at)
      if (typeof meaning === 'string') continue
      const {index} = meaning
      if (meaning.at === 'word') {
        shown.add(index)
        continue
      }
      // A template may show a message twice; the last one is where an answer of it can stand.
      places.set(index, {...places.get(index), [meaning.at]: length})
      if (meaning.at === 'end' && open?.index === index) messages.push({start: open.start, end: at})
      open = meaning.at === 'start' ? {index, start: at} : undefined
    }
    const text = pieces.join('') + rendered.slice(from)
    return {text, places, shown, specials: this.specialsOf(rendered, removed, messages)}
  }

  /** The special tokens of the marked text that no message wrote, where they stand without the marks. */
  private specialsOf(marked: string, removed: readonly number[], messages: readonly Span[]): FoundSpecial[] {
    const own = this.chosen.get('special')
    let passed = 0
    let message = 0
    return this.tokens.find(marked).flatMap(({token, start, end}) => {
      while (passed < removed.length && (removed[passed] ?? 0) < start) passed++
      while (message < messages.length && (messages[message]?.end ?? 0) < start) message++
      if (own !== undefined && marked.startsWith(own, start - own.length)) return []
      const shift = passed * 2
      return [{token, start: start - shift, end: end - shift, inside: (messages[message]?.start ?? Infinity) < start}]
    })
  }

  private character(meaning: Meaning): string {
    const key = typeof meaning === 'string' ? meaning : `${meaning.index} ${meaning.at}`
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

/** The text with a mark at each of these rising positions. */
function insert(text: string, positions: readonly number[], mark: string): string {
  const parts = positions.map((at, index) => text.slice(positions[index - 1] ?? 0, at))
  return [...parts, text.slice(positions.at(-1) ?? 0)].join(mark)
}
