import type {AddonModel} from '../addon-types.js'

/** A special token where it stands in a text. */
export interface SpecialToken {
  token: number
  start: number
  end: number
}

/** A special token as the vocabulary has it. */
export interface ListedToken {
  token: number
  text: string
  /** Bits of `attribute`. */
  attributes: number
}

/** llama.cpp's attributes of a token (`llama_token_attr` in include/llama.h). */
const attribute = {unknown: 1, control: 1 << 3, leftStrip: 1 << 7, rightStrip: 1 << 8}

/** Tokens of a vocabulary that are looked at in one go. */
const pieceTokens = 2048

/**
 * The tokens with the attribute control or unknown. Two native calls for each token take long for a large vocabulary, so
 * they are listed in pieces: what happens between two of them is up to the caller.
 */
export function* listSpecialTokens(
  native: Pick<AddonModel, 'getTokenAttributes' | 'getTokenString'>,
  vocabularySize: number,
): Generator<undefined, ListedToken[]> {
  const listed: ListedToken[] = []
  for (let token = 0; token < vocabularySize; token++) {
    if (token > 0 && token % pieceTokens === 0) yield
    const attributes = native.getTokenAttributes(token)
    if ((attributes & (attribute.control | attribute.unknown)) === 0) continue
    listed.push({token, attributes, text: native.getTokenString(token) ?? ''})
  }
  return listed
}

/**
 * The texts that llama.cpp reads as a token only where special tokens are parsed: tokens with the attribute control or
 * unknown (`tokenizer_st_partition` in src/llama-vocab.cpp). User-defined tokens are read everywhere.
 */
export class SpecialTokens {
  private readonly tokens = new Map<string, number>()
  private readonly attributes: ReadonlyMap<number, number>
  private readonly pattern: RegExp | undefined
  private readonly firsts: RegExp | undefined

  constructor(listed: readonly ListedToken[]) {
    this.attributes = new Map(listed.map(({token, attributes}) => [token, attributes]))
    for (const {token, text} of listed) if (text !== '' && !this.tokens.has(text)) this.tokens.set(text, token)
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
    return this.attributes.has(token)
  }

  /** Whether llama.cpp removes white space before this special token, and after it. */
  strips(token: number): {before: boolean; after: boolean} {
    const attributes = this.attributes.get(token) ?? 0
    return {before: (attributes & attribute.leftStrip) !== 0, after: (attributes & attribute.rightStrip) !== 0}
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}
