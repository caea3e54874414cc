import type {ChatMessage} from '../../protocol.js'
import type {RenderedChat} from './chat-template.js'
import type {SpecialToken, SpecialTokens} from './special-tokens.js'

/** llama.cpp's tokenizer; `special` parses special tokens. */
export type Tokenize = (text: string, special: boolean) => Uint32Array

export interface ChatTokens {
  tokens: number[]
  /** Where each turn starts, with the template's text around it; the last one is the answer's. */
  turns: number[]
}

/** A part of the text with its tokens. */
interface Piece {
  start: number
  end: number
  tokens: Uint32Array
  /** Position of its first token. */
  at: number
  /** The text has these tokens because the model generated them, so it cannot be taken apart. */
  generated: boolean
}

/** The tokens that an answer was generated as, in place of those of its text. */
interface Answer {
  start: number
  end: number
  tokens: Uint32Array
}

/**
 * The tokens of a rendered conversation: those that llama.cpp gives for the text, but special tokens that a message
 * wrote are plain text, and answers keep the tokens that they were generated as where nothing could join them with what
 * follows.
 *
 * @param usable the tokens of a message, if they can be used
 */
export function tokenizeChat(
  chat: RenderedChat,
  specials: SpecialTokens,
  tokenize: Tokenize,
  usable: (message: ChatMessage) => Uint32Array | undefined,
  endsTurn: (token: number) => boolean,
): ChatTokens {
  const pieces = cut(chat, specials, tokenize, answersOf(chat, usable))
  const tokens: number[] = []
  for (const piece of pieces) {
    piece.at = tokens.length
    for (const token of piece.tokens) tokens.push(token)
  }
  const position = (at: number): number => tokenAt(at, pieces, chat, tokenize, specials)
  return {tokens, turns: turnStarts(chat, endsTurn).map(position)}
}

/** Answers whose text stands in the prompt as it was generated, before a special token. */
function answersOf(
  {text, messages, places, specials}: RenderedChat,
  usable: (message: ChatMessage) => Uint32Array | undefined,
): Answer[] {
  const starts = new Set(specials.map(({start}) => start))
  return messages.flatMap((message, index) => {
    const {content} = message
    const place = places.get(index)
    const tokens = usable(message)
    if (tokens === undefined || place?.start === undefined || place.end === undefined) return []
    const start = place.start - (content.length - content.trimStart().length)
    const end = place.end + (content.length - content.trimEnd().length)
    return text.slice(start, end) === content && starts.has(end) ? [{start, end, tokens}] : []
  })
}

/** Cuts the text where llama.cpp cuts it: at special tokens. llama.cpp tokenizes each part between them alone. */
function cut(
  {text, specials: own}: RenderedChat,
  specials: SpecialTokens,
  tokenize: Tokenize,
  answers: readonly Answer[],
): Piece[] {
  const starts = new Set(own.map(({start}) => start))
  const written = specials.find(text).filter(({start}) => !starts.has(start))
  const pieces: Piece[] = []
  const add = (start: number, end: number, tokens: Uint32Array, generated = false): void => {
    if (end > start) pieces.push({start, end, tokens, at: 0, generated})
  }
  let from = 0
  // The text between two special tokens, with the tokens before and after it.
  const fragments = [...own, undefined].map((after, index) => ({before: own[index - 1], after}))
  for (const {before, after} of fragments) {
    const start = before?.end ?? 0
    const end = after?.start ?? text.length
    const answer = answers.find((one) => one.start >= start && one.end === end)
    const isPlain = written.some((one) => one.start < end && one.end > start)
    if (answer === undefined && !isPlain) continue
    add(from, start, tokenize(text.slice(from, start), true))
    const rest = answer?.start ?? end
    add(
      start,
      rest,
      tokenize(stripped(text.slice(start, rest), specials, before, answer ? undefined : after), !isPlain),
    )
    if (answer !== undefined) add(rest, end, answer.tokens, true)
    from = end
  }
  add(from, text.length, tokenize(text.slice(from), true))
  return pieces
}

/** Without the white space that the tokens around it remove, which llama.cpp does only where it parses them. */
function stripped(text: string, specials: SpecialTokens, before?: SpecialToken, after?: SpecialToken): string {
  const left = before !== undefined && specials.strips(before.token).after ? text.replace(/^[ \t-\r]+/, '') : text
  return after !== undefined && specials.strips(after.token).before ? left.replace(/[ \t-\r]+$/, '') : left
}

/** Where the turns start in the text: after the token, and the white space, that ends the turn before. */
function turnStarts({text, messages, places, specials}: RenderedChat, endsTurn: (token: number) => boolean): number[] {
  const ends = specials.filter(({token}) => endsTurn(token)).map(({end}) => end)
  const starts: number[] = []
  let previous = 0
  const turnBefore = (at: number): number => {
    const end = ends.findLast((one) => one <= at && one >= previous)
    if (end === undefined) return previous
    const space = /^\s*/.exec(text.slice(end, at))?.[0].length ?? 0
    return end + space
  }
  for (const index of messages.keys()) {
    const place = places.get(index)
    const at = place?.start ?? place?.end
    if (at === undefined) continue
    starts.push(starts.length === 0 ? 0 : turnBefore(at))
    previous = place?.end ?? at
  }
  return [...starts, turnBefore(text.length)]
}

/** The position in the tokens of a position in the text. */
function tokenAt(
  position: number,
  pieces: readonly Piece[],
  {text, specials: own}: RenderedChat,
  tokenize: Tokenize,
  specials: SpecialTokens,
): number {
  const piece = pieces.findLast(({start}) => start <= position)
  if (piece === undefined || position === piece.start) return piece?.at ?? 0
  const {at, tokens, start, end, generated} = piece
  if (position >= end || generated) return at + tokens.length
  const passed = own.filter((one) => one.start >= start && one.end <= position)
  let index = 0
  for (let seen = 0; seen < passed.length && index < tokens.length; index++) {
    if (specials.isSpecial(tokens[index] ?? -1)) seen++
  }
  const rest = stripped(text.slice(passed.at(-1)?.end ?? start, position), specials, passed.at(-1))
  return at + Math.min(tokens.length, index + (rest === '' ? 0 : tokenize(rest, false).length))
}
