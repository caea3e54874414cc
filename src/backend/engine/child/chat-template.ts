import {NnError, toNnError} from '../../../errors.js'
import type {ChatMessage} from '../protocol.js'

/**
 * A rendered prompt in pieces: template text, in which special tokens are parsed, and messages, in which they are not.
 */
export type PromptPiece = {kind: 'template'; text: string} | {kind: 'message'; index: number}

export type Renderer = (items: Record<string, unknown>) => string

/** Used for files without a template: the format that most models know. */
export const chatmlTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

// Private-use characters: no template and no message has a reason to write them.
const open = '\uE0F0'
const close = '\uE0F1'

/**
 * Renders the model's Jinja template with a mark for each message and takes the result apart at the marks. User text is
 * therefore never parsed as template or special token, and each message can be tokenized separately.
 *
 * @throws `invalid_argument` when the template rejects the conversation.
 */
export function renderChat(
  render: Renderer,
  messages: readonly ChatMessage[],
  tokens: {bos: string; eos: string},
): PromptPiece[] {
  const attempt = (list: readonly {role: string; content: string}[]): string =>
    render({messages: list, add_generation_prompt: true, bos_token: tokens.bos, eos_token: tokens.eos})
  const marked = messages.map(({role}, index) => ({role, content: `${open}${index}${close}`}))
  try {
    return takeApart(attempt(marked))
  } catch (error) {
    const [system, user, ...rest] = marked
    if (system?.role !== 'system' || user?.role !== 'user') throw refused(error)
    try {
      // Some templates have no system role; their models were trained with it before the first user message.
      return takeApart(attempt([{role: 'user', content: `${system.content}\n\n${user.content}`}, ...rest]))
    } catch {
      throw refused(error)
    }
  }
}

function refused(error: unknown): NnError {
  return new NnError(
    'invalid_argument',
    `The model's chat template rejected the conversation: ${toNnError(error).message}`,
    {
      cause: error,
    },
  )
}

function takeApart(rendered: string): PromptPiece[] {
  const pieces: PromptPiece[] = []
  const mark = new RegExp(`${open}(\\d+)${close}`, 'g')
  let last = 0
  for (const match of rendered.matchAll(mark)) {
    if (match.index > last) pieces.push({kind: 'template', text: rendered.slice(last, match.index)})
    pieces.push({kind: 'message', index: Number(match[1])})
    last = match.index + match[0].length
  }
  if (last < rendered.length) pieces.push({kind: 'template', text: rendered.slice(last)})
  return pieces
}
