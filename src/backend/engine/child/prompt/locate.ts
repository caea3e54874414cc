import {NnError} from '../../../../errors.js'
import type {ChatMessage} from '../../protocol.js'
import {Marks, type Place, type Reading} from './marks.js'
import type {SpecialToken, SpecialTokens} from './special-tokens.js'

/** What a rendered conversation is made of. */
export interface Located {
  /** By message; empty if the text has something else for it, absent if the text has nothing of it. */
  places: ReadonlyMap<number, Place>
  /** Special tokens that the template wrote. Others are part of a message. */
  specials: readonly SpecialToken[]
}

/** Renders the conversation with these messages. @throws what the template or the renderer says */
export type Attempt = (messages: readonly ChatMessage[]) => string

/**
 * Messages that are rendered to find the places of those which a template changes. It is more than a chat needs, and
 * keeps a request with thousands of messages from holding up the engine: this many take about two seconds.
 */
const mostRendered = 100_000

/**
 * Finds out what of a rendered conversation is which message's, by rendering it again with marks. Where marks change
 * what the template does, groups of messages are marked, and at last single messages.
 *
 * @throws `conversation_rejected` when a message has a special token that cannot be distinguished from those of the template
 */
export class Locator {
  private readonly marks: Marks
  private readonly places = new Map<number, Place>()
  private specials: SpecialToken[]
  private rendered = 0

  /**
   * @param text what the template wrote for the messages
   * @param numberOf what people call the message of an index
   */
  constructor(
    private readonly attempt: Attempt,
    private readonly messages: readonly ChatMessage[],
    private readonly text: string,
    private readonly tokens: SpecialTokens,
    private readonly numberOf: (index: number) => number,
  ) {
    this.marks = new Marks(tokens, [text, ...messages.map(({content}) => content)])
    this.specials = tokens.find(text)
  }

  locate(): Located {
    this.readGroup([...this.messages.keys()])
    const missing = [...this.messages.keys()].filter((index) => this.isMissing(index))
    if (missing.length > 0) this.findParts(missing)
    return {places: this.places, specials: this.specials}
  }

  /** Whether the message has a text, and nothing of it was found. */
  isMissing(index: number): boolean {
    return this.messages[index]?.content.trim() !== '' && !this.places.has(index)
  }

  private readGroup(group: readonly number[]): void {
    const reading = this.read(group, (message, index) => this.marks.mark(message, index))
    if (reading !== undefined) {
      for (const [index, place] of reading.places) this.places.set(index, place)
      const isDoubtful = reading.specials.some(({inside}) => inside)
      this.keep(isDoubtful ? this.readCarefully(group, reading) : reading.specials)
    } else if (group.length > 1) {
      this.readHalves(group, (half) => this.readGroup(half))
    } else {
      for (const index of group) this.readChanged(index)
    }
  }

  private readHalves(group: readonly number[], read: (half: readonly number[]) => void): void {
    const middle = group.length >> 1
    read(group.slice(0, middle))
    read(group.slice(middle))
  }

  /**
   * A special token that a message did not write stands in the message's text: the template made it of the message's
   * parts, or put it in. Only one that begins with a character of the template is the template's.
   */
  private readCarefully(group: readonly number[], reading: Reading): readonly SpecialToken[] {
    const careful = this.read(group, (message, index) => this.marks.mark(message, index, {careful: true}))
    return careful?.specials ?? reading.specials.filter(({inside}) => !inside)
  }

  /** A template that reads the message, but writes something else where it has marks, has not lost it. */
  private readChanged(index: number): void {
    this.places.set(index, {})
    const content = this.messages[index]?.content ?? ''
    if (this.tokens.find(content).length === 0) return
    const reading = this.read([index], (message) => this.marks.markSpecialsOf(message)) ?? this.readHidden(index)
    if (reading === undefined) throw ambiguous(content, this.numberOf(index), this.tokens)
    this.keep(reading.specials)
  }

  private readHidden(index: number): Reading | undefined {
    const message = this.messages[index]
    const hiding = message && this.marks.hideSpecialsOf(message)
    return hiding && this.read([index], () => hiding.message, hiding.read)
  }

  /** Messages of which neither end was found may still have a part in the text: `<answer>` … `</answer>`, for example. */
  private findParts(group: readonly number[]): void {
    const reading = this.read(group, (message, index) => this.marks.markWords(message, index))
    if (reading !== undefined) {
      for (const index of reading.shown) this.places.set(index, {})
    } else if (group.length > 1) {
      this.readHalves(group, (half) => this.findParts(half))
    } else {
      for (const index of group) this.places.set(index, {})
    }
  }

  /** Renders the conversation with some messages changed; `undefined` if that changes more than these messages. */
  private read(
    group: readonly number[],
    change: (message: ChatMessage, index: number) => ChatMessage,
    read = (rendered: string): Reading => this.marks.read(rendered),
  ): Reading | undefined {
    if (this.rendered > mostRendered) return undefined
    this.rendered += this.messages.length
    const changed = [...this.messages]
    try {
      for (const index of group) {
        const message = this.messages[index]
        if (message !== undefined) changed[index] = change(message, index)
      }
      const reading = read(this.attempt(changed))
      return reading.text === this.text ? reading : undefined
    } catch {
      // A template may reject a conversation with marks; another way to read it follows.
      return undefined
    }
  }

  private keep(own: readonly SpecialToken[]): void {
    const starts = new Set(own.map(({start}) => start))
    this.specials = this.specials.filter(({start}) => starts.has(start))
  }
}

function ambiguous(content: string, number: number, tokens: SpecialTokens): NnError {
  const [found] = tokens.find(content)
  return new NnError(
    'conversation_rejected',
    `Message ${number} contains ${content.slice(found?.start, found?.end)}, a special token that the model's chat template looks for, so the two cannot be kept apart.`,
    {hint: 'Remove it from the message.'},
  )
}
