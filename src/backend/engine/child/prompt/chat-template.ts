import {NnError, toNnError} from '../../../../errors.js'
import type {ChatMessage} from '../../protocol.js'
import {Locator, type Attempt, type Located} from './locate.js'
import type {SpecialTokens} from './special-tokens.js'

/** Renders a Jinja template with these variables. @throws what the template or the renderer says */
export type Renderer = (variables: Record<string, unknown>) => string

/** What a template gets besides the messages. */
export interface TemplateInputs {
  bos: string
  eos: string
  /** Of the request and the configuration; they come after the variables that every template has. */
  variables: Record<string, unknown>
}

/** A conversation as the template writes it. */
export interface RenderedChat extends Located {
  text: string
  /** The messages that the template got: the system prompt may have become part of the first user message. */
  messages: readonly ChatMessage[]
}

/** Used for files without a template: the format that most models know. */
const chatmlTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/**
 * The template to use for the one of a file or a setting: ChatML for none, an empty one, and the name `chatml`.
 * @throws `invalid_template` for other text that is not a template
 */
export function templateText(template: string | undefined): string {
  const text = template?.trim() ?? ''
  if (text === '' || text === 'chatml') return chatmlTemplate
  if (/\{[{%]/.test(text)) return template ?? ''
  throw new NnError(
    'invalid_template',
    `The model's chat template is the text "${text.slice(0, 60)}", which is not a Jinja template.`,
    {hint: 'Set model.chat_template to the template of this model, or use prompt_mode raw.'},
  )
}

/** What a template writes that puts a list of parts into the text, if it is more than the messages have of it. */
function printsParts(text: string, messages: readonly ChatMessage[]): boolean {
  const count = (one: string): number => [...one.matchAll(/['"]type['"]: ?['"]text['"]/g)].length
  return count(text) > messages.reduce((sum, {content}) => sum + count(content), 0)
}

/** One way to hand a conversation to a template. */
interface Form {
  messages: readonly ChatMessage[]
  /** Messages of the conversation that are part of the first one here. */
  joined: 0 | 1
  /** Contents as lists of parts, which some templates expect. */
  parts: boolean
}

/**
 * Renders a conversation. Where the template rejects the system prompt or leaves it out, it goes before the first user
 * message; models without a system role were trained so.
 *
 * @throws `conversation_rejected` when the template rejects the conversation, or leaves a message out.
 */
export function renderChat(
  render: Renderer,
  given: readonly ChatMessage[],
  inputs: TemplateInputs,
  tokens: SpecialTokens,
): RenderedChat {
  // A text that is not well-formed becomes what the native code would make of it.
  const messages = given.map((message) => ({...message, content: Buffer.from(message.content).toString()}))
  let failure: unknown
  for (const form of formsOf(messages)) {
    try {
      return renderForm(render, form, inputs, tokens)
    } catch (error) {
      if (error instanceof NnError && error.reason === 'invalid_template') throw error
      throwIfVariable(error)
      // Of the usual forms, the last one comes closest to what the template wants.
      if (!form.parts) failure = error
    }
  }
  if (failure instanceof NnError && failure.reason === 'conversation_rejected') throw failure
  throw new NnError(
    'conversation_rejected',
    `The model's chat template rejected the conversation: ${reasonOf(toNnError(failure).message)}`,
    {cause: failure},
  )
}

/** @throws `invalid_argument` if the error is about a value that no template can get */
function throwIfVariable(error: unknown): void {
  const [, name, path = '', why] =
    /failed to convert input at items\["(.*?)"\]((?:\[.*?\])*): (.*)/s.exec(toNnError(error).message) ?? []
  if (name === undefined) return
  const at = path.length > 60 ? `${path.slice(0, 60)}…` : path
  throw new NnError('invalid_argument', `The template variable ${name}${at} cannot be passed on: ${why}.`, {
    hint: 'Integers have at most 64 bits, and lists and objects at most 250 levels.',
    cause: error,
  })
}

/** The template's own words, without the renderer's name and the place in the template's source. */
function reasonOf(message: string): string {
  const own = /Jinja Exception: (.*)/s.exec(message)?.[1]
  return (own ?? message.replace(/^AddonJinjaRenderer: /, '')).trim()
}

function formsOf(messages: readonly ChatMessage[]): Form[] {
  const merged = mergeSystem(messages)
  return [false, true].flatMap((parts) => [
    {messages, joined: 0, parts},
    ...(merged === undefined ? [] : [{messages: merged, joined: 1 as const, parts}]),
  ])
}

/** The system prompt as the beginning of the first user message; `undefined` if there is not one of each. */
function mergeSystem(messages: readonly ChatMessage[]): ChatMessage[] | undefined {
  const [system, ...rest] = messages
  const at = rest.findIndex(({role}) => role === 'user')
  const user = rest[at]
  if (system?.role !== 'system' || user === undefined) return undefined
  return rest.with(at, {role: 'user', content: `${system.content}\n\n${user.content}`})
}

function renderForm(
  render: Renderer,
  {messages, joined, parts}: Form,
  {bos, eos, variables}: TemplateInputs,
  tokens: SpecialTokens,
): RenderedChat {
  const attempt: Attempt = (list) =>
    render({
      ...variables,
      messages: list.map(({role, content}) => ({role, content: parts ? [{type: 'text', text: content}] : content})),
      add_generation_prompt: true,
      bos_token: bos,
      eos_token: eos,
    })
  const text = attempt(messages)
  const locator = new Locator(attempt, messages, text, tokens, (index) => index + joined + 1)
  const located = locator.locate()
  for (const [index, {role}] of messages.entries()) {
    if (locator.isMissing(index)) throw leftOut(role, index + joined, messages.length + joined)
  }
  if (parts && printsParts(text, messages)) throw new Error('The template prints the parts of a message as data.')
  return {text, messages, ...located}
}

function leftOut(role: string, index: number, count: number): NnError {
  return new NnError(
    'conversation_rejected',
    `The model's chat template leaves out message ${index + 1} of ${count}, by the ${role}.`,
    {
      hint:
        role === 'system'
          ? 'Leave out the system prompt, or put it into the question.'
          : 'Send only the last message (a new session), or set model.chat_template to a template with every message.',
    },
  )
}
