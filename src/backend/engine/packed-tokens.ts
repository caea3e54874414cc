import type {TokenizedText} from '../contract/core.js'

/** A tokenized text as a message between processes: the text of a token is sent once, however often it occurs. */
export interface PackedTokens {
  tokens: Uint32Array
  pieces: Map<number, string | number[]>
}

export function unpackTokens({tokens, pieces}: PackedTokens): TokenizedText {
  const list = Array.from(tokens)
  return {tokens: list, pieces: list.map((token) => pieces.get(token) ?? '')}
}
