import type {AddonModel} from '../addon-types.js'

/** Where a text may be cut, so that its parts have the tokens of the whole. */
export interface Cuts {
  /** Finds the end of the first part; the next one starts there. */
  pattern: RegExp | undefined
  /** The longest token in bytes: a text has at least its bytes divided by it as tokens. `Infinity` if they may have fewer. */
  longest: number
}

/** llama.cpp's numbers of vocabularies that are merged from characters: SentencePiece and byte-level BPE. */
export const mergedVocabularies = [1, 2]

/** llama.cpp's attributes of tokens that split a text before it is merged: unknown, control, user-defined. */
const splitting = 1 | (1 << 3) | (1 << 4)

/** The attribute of tokens for single bytes, whose names are not their texts. */
const byte = 1 << 5

/** The signs that vocabularies have for a space and a line break. */
const spelled = /[\u0120\u2581]|\u010a/g

/** Tokens of a vocabulary that are looked at in one go. */
const pieceTokens = 1024

/**
 * Reads from the vocabulary where its texts may be cut: between a line break and a letter after it, before a single
 * space between a word and a letter, and between a digit and a letter, if no token has both characters in a row. Then no
 * merge crosses the cut. Before a line break and a space stands one of the usual characters, so there is no other white
 * space: some pre-tokenizers split a run of white space by what follows.
 */
export function* findCuts(native: AddonModel, vocabularySize: number): Generator<undefined, Cuts> {
  // Others normalize texts, and look at the whole.
  if (!mergedVocabularies.includes(native.getVocabularyType())) return {pattern: undefined, longest: Infinity}
  let [line, space, digit] = [true, true, true]
  let longest = 1
  for (let token = 0; token < vocabularySize; token++) {
    if (token > 0 && token % pieceTokens === 0) yield
    const attributes = native.getTokenAttributes(token)
    if ((attributes & byte) !== 0) continue
    const text = (native.getTokenString(token) ?? '').replace(spelled, (sign) => (sign === '\u010a' ? '\n' : ' '))
    longest = Math.max(longest, Buffer.byteLength(text))
    if (/\n[A-Za-z]/.test(text)) line = false
    if (/[A-Za-z0-9.,;:!?] /.test(text)) space = false
    if (/[0-9][A-Za-z]/.test(text)) digit = false
    // A token that splits a text may remove the white space beside it, or change what follows.
    const splits = (attributes & splitting) !== 0 && text.trim() !== ''
    if (splits && /^[\sA-Za-z]|[\sA-Za-z0-9.,;:!?]$/.test(text)) line = space = digit = false
  }
  const before = '[A-Za-z0-9.,;:!?]'
  const places = [
    ...(line ? [String.raw`(?<=${before})\n(?=[A-Za-z])`] : []),
    ...(space ? [`(?<=${before})(?= [A-Za-z])`] : []),
    ...(digit ? ['(?<=[0-9])(?=[A-Za-z])'] : []),
  ]
  return {pattern: places.length === 0 ? undefined : new RegExp(places.join('|'), 'g'), longest}
}
