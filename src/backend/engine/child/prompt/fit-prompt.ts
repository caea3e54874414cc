import {NnError} from '../../../../errors.js'
import type {TokenizedPrompt} from '../model.js'
import type {ChatMessage, Prompt, PromptRequest} from '../../protocol.js'

export interface FittedPrompt extends TokenizedPrompt {
  /** First messages of the conversation that were dropped; the next request drops them too. */
  dropped: number
}

/**
 * The prompt's tokens, made to fit the context with room for an answer. With context shifting, a conversation that is
 * too long loses its oldest turns; the system prompt and the last message stay.
 *
 * @throws `prompt_too_long` when it cannot fit; `context_full` when shifting is off and the history is too long.
 */
export async function fitPrompt(
  {prompt, contextSize, contextShift, stopping}: PromptRequest,
  tokenize: (prompt: Prompt) => Promise<TokenizedPrompt>,
): Promise<FittedPrompt> {
  const whole = await tokenize(prompt)
  const {tokens} = whole
  if (tokens.length === 0)
    throw new NnError('invalid_argument', 'The prompt has no tokens.', {hint: 'Pass a text that is not empty.'})
  if (prompt.mode === 'raw') {
    if (tokens.length >= contextSize) throw tooLong(tokens.length, contextSize)
    return {...whole, dropped: 0}
  }
  // Room for the answer: its maximum length, but at most a quarter of the context.
  const wanted = stopping.max_tokens < 0 ? Infinity : stopping.max_tokens
  const reserve = Math.max(1, Math.min(wanted, Math.floor(contextSize / 4)))
  if (contextShift === null) {
    if (tokens.length < contextSize) return {...whole, dropped: 0}
    const {tokens: alone} = await tokenize({...prompt, messages: lastTurns(prompt.messages, 1)})
    if (alone.length >= contextSize) throw tooLong(alone.length, contextSize)
    throw new NnError(
      'context_full',
      `The conversation has ${tokens.length} tokens; the context size is ${contextSize}.`,
      {
        hint: 'Turn on memory.context_shifting, raise model.ctx_size, or start a new session.',
      },
    )
  }
  if (tokens.length + reserve <= contextSize) return {...whole, dropped: 0}
  return dropOldest(prompt, contextSize, reserve, tokenize)
}

async function dropOldest(
  prompt: Prompt & {mode: 'chat'},
  contextSize: number,
  reserve: number,
  tokenize: (prompt: Prompt) => Promise<TokenizedPrompt>,
): Promise<FittedPrompt> {
  const {messages} = prompt
  const others = messages.filter(({role}) => role !== 'system').length
  // Drop half of the turns at a time: everything after a cut is evaluated again, so a few large cuts cost less than
  // many small ones.
  for (let keep = others; keep >= 1; keep = keep > 2 ? Math.floor(keep / 2) | 1 : keep - 1) {
    const kept = lastTurns(messages, keep)
    const fitted = await tokenize({...prompt, messages: kept})
    const {tokens} = fitted
    if (tokens.length + reserve <= contextSize || (keep === 1 && tokens.length < contextSize)) {
      return {...fitted, dropped: messages.length - kept.length}
    }
    if (keep === 1) throw tooLong(tokens.length, contextSize)
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

function tooLong(tokens: number, contextSize: number): NnError {
  return new NnError('prompt_too_long', `The prompt has ${tokens} tokens; the context size is ${contextSize}.`, {
    hint: 'Raise model.ctx_size, or shorten the prompt.',
  })
}
