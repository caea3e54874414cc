import type {AddonModel} from '../addon-types.js'

/** A special token where it stands in a text. */
export interface SpecialToken {
  token: number
  start: number
  end: number
}

/** llama.cpp's attributes of a token (`llama_token_attr` in include/llama.h). */
const attribute = {unknown: 1, control: 1 << 3, leftStrip: 1 << 7, rightStrip: 1 << 8}

/**
 * The texts that llama.cpp reads as a token only where special tokens are parsed: tokens with the attribute control or
 * unknown (`tokenizer_st_partition` in src/llama-vocab.cpp). User-defined tokens are read everywhere.
 */
export class SpecialTokens {
  private readonly tokens = new Map<string, number>()
  private readonly pattern: RegExp | undefined
  private readonly firsts: RegExp | undefined

  constructor(
    private readonly native: Pick<AddonModel, 'getTokenAttributes' | 'getTokenString'>,
    vocabularySize: number,
  ) {
    for (let token = 0; token < vocabularySize; token++) {
      if ((native.getTokenAttributes(token) & (attribute.control | attribute.unknown)) === 0) continue
      const text = native.getTokenString(token) ?? ''
      if (text !== '' && !this.tokens.has(text)) this.tokens.set(text, token)
    }
    // The longest first, as llama.cpp looks for them.
    const texts = [...this.tokens.keys()].sort((a, b) => b.length - a.length)
    if (texts.length === 0) return
    this.pattern = new RegExp(texts.map(escaped).join('|'), 'g')
    const firsts = new Set(texts.map((text) => String.fromCodePoint(text.codePointAt(0) ?? 0)))
    this.firsts = new RegExp([...firsts].map(escaped).join('|'), 'gu')
  }

  /** All special tokens of a text, from left to right. */
  find(text: string): SpecialToken[] {
    if (this.pattern === undefined) return []
    return [...text.matchAll(this.pattern)].flatMap(({0: found, index}) => {
      const token = this.tokens.get(found)
      return token === undefined ? [] : [{token, start: index, end: index + found.length}]
    })
  }

  /** Where the text has the first character of a special token, even where it is none. */
  possibleStarts(text: string): number[] {
    return this.firsts === undefined ? [] : [...text.matchAll(this.firsts)].map(({index}) => index)
  }

  isSpecial(token: number): boolean {
    return (this.native.getTokenAttributes(token) & (attribute.control | attribute.unknown)) !== 0
  }

  /** Whether llama.cpp removes white space before the token, and after it. */
  strips(token: number): {before: boolean; after: boolean} {
    const attributes = this.native.getTokenAttributes(token)
    return {before: (attributes & attribute.leftStrip) !== 0, after: (attributes & attribute.rightStrip) !== 0}
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}
