import {isUtf8} from 'node:buffer'
import type {LikelyToken, TokenLogprob} from '../backend/contract/types.js'

/** What JSON has no number for; OpenAI's API gives the same. */
const never = -9999

interface Entry {
  /** A part of a character as its bytes, `\xc3`, as in OpenAI's API. */
  token: string
  logprob: number
  bytes: number[]
}

/** As in chats: one object for each token, with `top` alternatives. */
export function chatLogprobs(logprobs: readonly TokenLogprob[] = [], top: number): object {
  return {
    content: logprobs.map((token) => ({...entry(token), top_logprobs: token.top.slice(0, top).map(entry)})),
    refusal: null,
  }
}

/** As in completions: parallel lists. Offsets are UTF-16 units in the answer. */
export function completionLogprobs(logprobs: readonly TokenLogprob[] = [], top: number): object {
  return {
    tokens: logprobs.map(legacyName),
    token_logprobs: logprobs.map(({logprob}) => finite(logprob)),
    top_logprobs: logprobs.map((token) =>
      Object.fromEntries(token.top.slice(0, top).map((one) => [legacyName(one), finite(one.logprob)])),
    ),
    text_offset: textOffsets(logprobs),
  }
}

/** A token within a character has the offset of that character. */
function textOffsets(logprobs: readonly LikelyToken[]): number[] {
  const decoder = new TextDecoder('utf-8', {ignoreBOM: true})
  let offset = 0
  return logprobs.map(({bytes}) => {
    const own = offset
    offset += decoder.decode(Uint8Array.from(bytes), {stream: true}).length
    return own
  })
}

function entry({text, logprob, bytes}: LikelyToken): Entry {
  return {token: isWhole(bytes) ? text : escaped(bytes), logprob: finite(logprob), bytes}
}

/** Different parts of characters need different keys in `top_logprobs`. */
function legacyName({text, bytes}: LikelyToken): string {
  return isWhole(bytes) ? text : `bytes:${escaped(bytes)}`
}

function isWhole(bytes: readonly number[]): boolean {
  return isUtf8(Uint8Array.from(bytes))
}

function escaped(bytes: readonly number[]): string {
  return bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : never
}
