import type {AddonModel} from './addon-types.js'

/** llama.cpp's numbers for kinds of vocabularies and for attributes of tokens. */
const bytePairVocabulary = 2
const rwkvVocabulary = 5
const byteAttribute = 1 << 5

const replacement = '\uFFFD'

/**
 * The bytes of a token. Some tokens are a part of a character, and their decoded text is only U+FFFD; the binding has no
 * call for their bytes, so these are read from the token as the vocabulary writes it.
 *
 * @param text the decoded text of the token
 */
export function tokenBytes(native: AddonModel, token: number, text: string): number[] {
  if (!text.includes(replacement)) return [...Buffer.from(text)]
  const written = native.getTokenString(token) ?? ''
  if ((native.getTokenAttributes(token) & byteAttribute) !== 0) {
    const [, digits] = /^<0x([0-9a-fA-F]{2})>$/.exec(written) ?? []
    if (digits !== undefined) return [Number.parseInt(digits, 16)]
  }
  switch (native.getVocabularyType()) {
    case bytePairVocabulary:
      return bytePairBytes(written) ?? plainBytes(written)
    case rwkvVocabulary:
      return escapedBytes(written)
    default:
      return plainBytes(written)
  }
}

/** SentencePiece's sign for a space. */
function plainBytes(written: string): number[] {
  return [...Buffer.from(written.replaceAll('\u2581', ' '))]
}

/** Byte-level BPE writes a character for each byte; `undefined` if there is another character. */
function bytePairBytes(written: string): number[] | undefined {
  const bytes = Array.from(written).map((character) => byteOfCharacter.get(character))
  return bytes.includes(undefined) ? undefined : (bytes as number[])
}

/** GPT-2's table: printable bytes of Latin-1 are their own characters, the others follow from U+0100 on. */
const byteOfCharacter = ((): ReadonlyMap<string, number> => {
  const bytes = Array.from({length: 256}, (_, byte) => byte)
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  const others = bytes.filter((byte) => !isPrintable(byte))
  return new Map([
    ...bytes.filter(isPrintable).map((byte) => [String.fromCharCode(byte), byte] as const),
    ...others.map((byte, index) => [String.fromCharCode(0x100 + index), byte] as const),
  ])
})()

const escapes: Readonly<Record<string, number>> = {t: 9, n: 10, r: 13}

/** RWKV vocabularies escape bytes as in a Python literal. */
function escapedBytes(written: string): number[] {
  return [...written.matchAll(/\\x([0-9a-fA-F]{2})|\\(.)|([^\\]+)/gsu)].flatMap(([, hex, escaped, plain]) => {
    if (hex !== undefined) return [Number.parseInt(hex, 16)]
    if (plain !== undefined) return [...Buffer.from(plain)]
    return escapes[escaped ?? ''] ?? [...Buffer.from(escaped ?? '')]
  })
}
