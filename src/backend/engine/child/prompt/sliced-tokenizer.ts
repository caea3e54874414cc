import type {AddonModel} from '../addon-types.js'
import {findCuts, type Cuts} from './cuts.js'
import {Pace, paced} from './pace.js'

/** Characters that are tokenized in one go, if the text can be cut; about two milliseconds. */
const sliceCharacters = 8192

/** Characters without white space that are counted in one go. */
const countedCharacters = 65_536

/** Characters on each side of a cut that are tokenized together, to check that the cut changes nothing. */
const checkedCharacters = 48

/** A text that surely has more tokens than somebody can use. */
export class TooManyTokens extends Error {
  override readonly name = 'TooManyTokens'

  constructor(readonly atLeast: number) {
    super(`The text has at least ${atLeast} tokens.`)
  }
}

/**
 * Tokenizes long texts in slices. llama.cpp tokenizes a text in one call, which takes a second for two megabytes, and
 * answers would wait.
 */
export class SlicedTokenizer {
  private cuts: Promise<Cuts> | undefined

  constructor(
    private readonly native: AddonModel,
    private readonly vocabularySize: number,
  ) {}

  /**
   * The tokens of the text, the same as of one native call.
   *
   * @param most tokens that the caller can use
   * @throws `TooManyTokens` when the text has more, as soon as that is known; the reason of the pace's signal
   */
  async tokenize(text: string, special: boolean, pace: Pace, most = Infinity): Promise<Uint32Array> {
    if (text.length <= 2 * sliceCharacters) return this.native.tokenize(text, special)
    const {pattern, longest} = await this.findCuts()
    await pace.pause()
    const parts: Uint32Array[] = []
    let count = 0
    let from = 0
    if (text.length / longest > most && (await hasMoreThan(most * longest, text, pace))) {
      throw new TooManyTokens(most + 1)
    }
    while (from < text.length) {
      const to = this.nextCut(text, from, pattern, special)
      const part = this.slice(text, from, to, special)
      parts.push(part)
      count += part.length
      from = to
      if (count > most) throw new TooManyTokens(count)
      if (pace.isDue) await pace.pause()
    }
    return join(parts, count)
  }

  /** Once for all texts, so a client that goes away must not end it. */
  private findCuts(): Promise<Cuts> {
    this.cuts ??= paced(findCuts(this.native, this.vocabularySize), new Pace())
    return this.cuts
  }

  /** The end of the slice that starts there. */
  private nextCut(text: string, from: number, pattern: RegExp | undefined, special: boolean): number {
    if (pattern === undefined || text.length - from <= 2 * sliceCharacters) return text.length
    pattern.lastIndex = from + sliceCharacters
    for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
      const at = found.index + found[0].length
      if (at >= text.length) break
      if (this.isSafe(text, at, special)) return at
      pattern.lastIndex = at + 1
    }
    return text.length
  }

  /** The tokens of a part. Its first one is tokenized after the character before it, as in the whole. */
  private slice(text: string, from: number, to: number, special: boolean): Uint32Array {
    if (from === 0) return this.native.tokenize(text.slice(0, to), special)
    const before = this.native.tokenize(text.slice(from - 1, from), special).length
    return this.native.tokenize(text.slice(from - 1, to), special).subarray(before)
  }

  /** Whether the surroundings of a cut have the same tokens with it and without it. */
  private isSafe(text: string, at: number, special: boolean): boolean {
    const around = text.slice(at - checkedCharacters, at + checkedCharacters)
    const whole = this.native.tokenize(around, special)
    const left = this.native.tokenize(around.slice(0, checkedCharacters), special)
    const right = this.slice(around, checkedCharacters, around.length, special)
    return (
      whole.length === left.length + right.length &&
      whole.every((token, i) => token === (left[i] ?? right[i - left.length]))
    )
  }
}

/** Whether the text has more characters than that, without white space: special tokens may remove what is beside them. */
async function hasMoreThan(characters: number, text: string, pace: Pace): Promise<boolean> {
  let found = 0
  for (let from = 0; from < text.length; from += countedCharacters) {
    found += text.slice(from, from + countedCharacters).replaceAll(/\s+/g, '').length
    if (found > characters) return true
    if (pace.isDue) await pace.pause()
  }
  return false
}

function join(parts: readonly Uint32Array[], count: number): Uint32Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const tokens = new Uint32Array(count)
  let at = 0
  for (const part of parts) {
    tokens.set(part, at)
    at += part.length
  }
  return tokens
}
