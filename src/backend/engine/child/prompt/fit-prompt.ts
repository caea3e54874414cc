import {NnError} from '../../../../errors.js'
import type {PromptTokens, TokenizedPrompt} from '../model.js'
import type {ChatMessage, Prompt, PromptRequest} from '../../protocol.js'

export interface FittedPrompt extends TokenizedPrompt {
  /** First messages of the conversation that were dropped; the next request drops them too. */
  dropped: number
}

/** @param most tokens after which only their number matters */
type Tokenize = (prompt: Prompt, most: number) => Promise<PromptTokens>

/** Up to this many times the context size, errors give the exact number of tokens. */
const exactUpTo = 4

/**
 * The prompt's tokens, made to fit the context with room for an answer. With context shifting, a conversation that is
 * too long loses its oldest turns; the system prompt and the last message stay.
 *
 * @throws `prompt_too_long` when it cannot fit; `context_full` when shifting is off and the history is too long.
 */
export async function fitPrompt(
  {prompt, contextSize, contextShift, stopping}: PromptRequest,
  tokenize: Tokenize,
): Promise<FittedPrompt> {
  const whole = await tokenize(prompt, exactUpTo * contextSize)
  const count = countOf(whole)
  if (count === 0)
    throw new NnError('invalid_argument', 'The prompt has no tokens.', {hint: 'Pass a text that is not empty.'})
  if (prompt.mode === 'raw') {
    if (!fits(whole, contextSize - 1)) throw tooLong(whole, contextSize)
    return {...whole, dropped: 0}
  }
  // Room for the answer: its maximum length, but at most a quarter of the context.
  const wanted = stopping.max_tokens < 0 ? Infinity : stopping.max_tokens
  const reserve = Math.max(1, Math.min(wanted, Math.floor(contextSize / 4)))
  if (contextShift === null) {
    if (fits(whole, contextSize - 1)) return {...whole, dropped: 0}
    const alone = await tokenize({...prompt, messages: lastTurns(prompt.messages, 1)}, exactUpTo * contextSize)
    if (!fits(alone, contextSize - 1)) throw tooLong(alone, contextSize)
    throw new NnError(
      'context_full',
      `The conversation has ${said(whole)} tokens; the context size is ${contextSize}.`,
      {
        hint: 'Turn on memory.context_shifting, raise model.ctx_size, or start a new session.',
      },
    )
  }
  if (fits(whole, contextSize - reserve)) return {...whole, dropped: 0}
  return dropOldest(prompt, contextSize, reserve, tokenize)
}

async function dropOldest(
  prompt: Prompt & {mode: 'chat'},
  contextSize: number,
  reserve: number,
  tokenize: Tokenize,
): Promise<FittedPrompt> {
  const {messages} = prompt
  const others = messages.filter(({role}) => role !== 'system').length
  // Drop half of the turns at a time: everything after a cut is evaluated again, so a few large cuts cost less than
  // many small ones.
  for (let keep = others; keep >= 1; keep = keep > 2 ? Math.floor(keep / 2) | 1 : keep - 1) {
    const kept = lastTurns(messages, keep)
    const fitted = await tokenize({...prompt, messages: kept}, exactUpTo * contextSize)
    if (fits(fitted, keep === 1 ? contextSize - 1 : contextSize - reserve)) {
      return {...fitted, dropped: messages.length - kept.length}
    }
    if (keep === 1) throw tooLong(fitted, contextSize)
  }
  throw new NnError('invalid_argument', 'The conversation has no message to answer.')
}

/** The system prompt and the last `keep` messages, starting with a user message. */
function lastTurns(messages: readonly ChatMessage[], keep: number): ChatMessage[] {
  const system = messages.filter(({role}) => role === 'system')
  const rest = messages.filter(({role}) => role !== 'system').slice(-keep)
  const firstUser = rest.findIndex(({role}) => role === 'user')
  return [...system, ...rest.slice(Math.max(0, firstUser))]
}

function fits(prompt: PromptTokens, most: number): prompt is TokenizedPrompt {
  return 'tokens' in prompt && prompt.tokens.length <= most
}

function countOf(prompt: PromptTokens): number {
  return 'tokens' in prompt ? prompt.tokens.length : prompt.atLeast
}

function said(prompt: PromptTokens): string {
  return `${'tokens' in prompt ? '' : 'at least '}${countOf(prompt)}`
}

function tooLong(prompt: PromptTokens, contextSize: number): NnError {
  return new NnError('prompt_too_long', `The prompt has ${said(prompt)} tokens; the context size is ${contextSize}.`, {
    hint: 'Raise model.ctx_size, or shorten the prompt.',
  })
}
