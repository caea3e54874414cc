import type {ChatMessage} from '../../protocol.js'
import type {RenderedText} from './chat-template.js'
import type {Pace} from './pace.js'
import {TooManyTokens} from './sliced-tokenizer.js'
import type {SpecialToken, SpecialTokens} from './special-tokens.js'

/** llama.cpp's tokenizer; `special` parses special tokens. */
export type Tokenize = (text: string, special: boolean) => Promise<Uint32Array>

/** How a conversation is tokenized. */
export interface Tokenizer {
  tokenize: Tokenize
  /** The tokens of a message, if they can be used. */
  usable: (message: ChatMessage) => Uint32Array | undefined
  endsTurn: (token: number) => boolean
  pace: Pace
  /** Tokens that the caller can use. */
  most: number
}

/** A rendered conversation, with the messages that the template got. */
export interface RenderedChat extends RenderedText {
  messages: readonly ChatMessage[]
}

export interface ChatTokens {
  tokens: Uint32Array
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
}

/** A part of the text, and what its tokens are: those of an answer, or those that llama.cpp gives for a text. */
interface Part {
  start: number
  end: number
  source: Uint32Array | {text: string; parse: boolean}
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
 * @throws `TooManyTokens`, and the reason of the pace's signal
 */
export async function tokenizeChat(
  chat: RenderedChat,
  specials: SpecialTokens,
  {tokenize, usable, endsTurn, pace, most}: Tokenizer,
): Promise<ChatTokens> {
  const pieces: Piece[] = []
  let count = 0
  const answers = answersOf(chat, usable)
  await pace.pause()
  for (const {start, end, source} of cut(chat, specials, answers)) {
    const tokens = source instanceof Uint32Array ? source : await tokenize(source.text, source.parse)
    pieces.push({start, end, tokens, at: count})
    count += tokens.length
    if (count > most) throw new TooManyTokens(count)
    if (pace.isDue) await pace.pause()
  }
  const tokens = new Uint32Array(count)
  for (const piece of pieces) tokens.set(piece.tokens, piece.at)
  await pace.pause()
  const known = knownPositions(pieces, chat.specials)
  await pace.pause()
  const starts = turnStarts(chat, endsTurn)
  await pace.pause()
  return {tokens, turns: await positionsOf(starts, known, chat.text, tokenize, pace)}
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
function* cut(
  {text, specials: own}: RenderedChat,
  specials: SpecialTokens,
  answers: readonly Answer[],
): Generator<Part> {
  const starts = new Set(own.map(({start}) => start))
  const written = specials.find(text).filter(({start}) => !starts.has(start))
  const answerBefore = new Map(answers.map((answer) => [answer.end, answer]))
  let from = 0
  let passed = 0
  // The text between two special tokens, with the tokens before and after it.
  const fragments = [...own, undefined].map((after, index) => ({before: own[index - 1], after}))
  for (const {before, after} of fragments) {
    const start = before?.end ?? 0
    const end = after?.start ?? text.length
    const ending = answerBefore.get(end)
    const answer = ending !== undefined && ending.start >= start ? ending : undefined
    while (passed < written.length && (written[passed]?.end ?? 0) <= start) passed++
    const isPlain = (written[passed]?.start ?? Infinity) < end
    if (answer === undefined && !isPlain) continue
    if (start > from) yield {start: from, end: start, source: {text: text.slice(from, start), parse: true}}
    const rest = answer?.start ?? end
    const template = stripped(text.slice(start, rest), specials, before, answer ? undefined : after)
    if (rest > start) yield {start, end: rest, source: {text: template, parse: !isPlain}}
    if (answer !== undefined && end > rest) yield {start: rest, end, source: answer.tokens}
    from = end
  }
  if (text.length > from) yield {start: from, end: text.length, source: {text: text.slice(from), parse: true}}
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
    const end = ends[lastAtMost(ends, at)]
    if (end === undefined || end < previous) return previous
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

/** A position in the text, and the position of the token that starts there. */
interface Known {
  text: number
  token: number
}

/** The ends of the pieces, and of the special tokens in them. */
function knownPositions(pieces: readonly Piece[], own: readonly SpecialToken[]): Known[] {
  const known: Known[] = [{text: 0, token: 0}]
  let next = 0
  for (const {start, end, tokens, at} of pieces) {
    known.push({text: start, token: at})
    for (let index = 0; index < tokens.length && (own[next]?.end ?? Infinity) <= end; index++) {
      const special = own[next]
      if (special === undefined || tokens[index] !== special.token) continue
      known.push({text: special.start, token: at + index}, {text: special.end, token: at + index + 1})
      next++
    }
    known.push({text: end, token: at + tokens.length})
  }
  return known
}

/**
 * The tokens' positions of positions in the text. Between two known ones, each part of the text is tokenized alone; a
 * token more or less does not matter to those who drop turns.
 */
async function positionsOf(
  points: readonly number[],
  known: readonly Known[],
  text: string,
  tokenize: Tokenize,
  pace: Pace,
): Promise<number[]> {
  const bounds = known.map((one) => one.text)
  const found = new Map<number, number>()
  const between = new Map<number, number[]>()
  for (const point of [...new Set(points)].sort((a, b) => a - b)) {
    const index = lastAtMost(bounds, point)
    if (bounds[index] === point) found.set(point, known[index]?.token ?? 0)
    else if (between.get(index)?.push(point) === undefined) between.set(index, [point])
  }
  for (const [index, inside] of between) {
    const [before, after] = [known[index], known[index + 1]]
    if (before === undefined || after === undefined) continue
    const counts: number[] = []
    for (const [part, end] of [...inside, after.text].entries()) {
      counts.push((await tokenize(text.slice(inside[part - 1] ?? before.text, end), false)).length)
      if (pace.isDue) await pace.pause()
    }
    const total = counts.reduce((sum, count) => sum + count, 0)
    const share = total === 0 ? 0 : (after.token - before.token) / total
    let passed = 0
    for (const [part, point] of inside.entries()) {
      passed += counts[part] ?? 0
      found.set(point, before.token + Math.round(passed * share))
    }
  }
  return points.map((point) => found.get(point) ?? 0)
}

/** The index of the last of these rising numbers that is not above the limit; -1 if there is none. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? Infinity) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
