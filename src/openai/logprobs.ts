import type {TokenLogprob} from '../backend/contract/types.js'

/** What JSON has no number for; OpenAI's API gives the same. */
const never = -9999

interface Entry {
  token: string
  logprob: number
  /** Its bytes in UTF-8; `null` for a token that is only a part of a character. */
  bytes: number[] | null
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
  let offset = 0
  return {
    tokens: logprobs.map(({text}) => text),
    token_logprobs: logprobs.map(({logprob}) => finite(logprob)),
    top_logprobs: logprobs.map((token) =>
      Object.fromEntries(token.top.slice(0, top).map(({text, logprob}) => [text, finite(logprob)])),
    ),
    text_offset: logprobs.map(({text}) => (offset += text.length) - text.length),
  }
}

function entry({text, logprob}: {text: string; logprob: number}): Entry {
  return {token: text, logprob: finite(logprob), bytes: text.includes('\uFFFD') ? null : [...Buffer.from(text)]}
}

function finite(logprob: number): number {
  return Number.isFinite(logprob) ? logprob : never
}
