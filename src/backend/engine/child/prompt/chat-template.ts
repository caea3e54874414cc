import {NnError, toNnError} from '../../../../errors.js'
import {sanitize} from '../../../../terminal/sanitize.js'
import type {ChatMessage} from '../../protocol.js'
import type {Addon} from '../addon-types.js'
import {Locator, type Attempt, type Located} from './locate.js'
import type {SpecialTokens} from './special-tokens.js'

/** The hint of errors about a template that no conversation can be rendered with. */
export const otherTemplate =
  'Set model.chat_template to the template of this model, or model.prompt_mode to raw: raw prompts and embeddings need no template.'

/** Renders a Jinja template with these variables. @throws what the template or the renderer says */
export type Renderer = (variables: Record<string, unknown>) => string

/** What a template gets besides the messages. */
export interface TemplateInputs {
  bos: string
  eos: string
  /** Of the request and the configuration; they come after the variables that every template has. */
  variables: Record<string, unknown>
}

/** What a template writes for a conversation. */
export interface RenderedText extends Located {
  text: string
  /** Whether the template got the system prompt as part of the first user message: `givenTo` has its messages. */
  isMerged: boolean
}

/** The largest template that is read, in characters; those of published models have up to 30,000. */
const longestTemplate = 1_048_576

/** Characters of a template, or of what it says, that an error quotes. */
const quoted = {template: 60, reason: 300}

/** Used for files without a template: the format that most models know. */
const chatmlTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/**
 * The template to use for the one of a file or a setting: ChatML for none, an empty one, and the name `chatml`.
 * @throws `invalid_template` for other text that is not a template
 */
function templateText(template: string | undefined): string {
  const text = template?.trim() ?? ''
  if (text === '' || text === 'chatml') return chatmlTemplate
  if (text.length > longestTemplate) {
    throw new NnError(
      'invalid_template',
      `The model's chat template has ${text.length} characters; the limit is ${longestTemplate}.`,
      {hint: otherTemplate},
    )
  }
  if (/\{[{%]/.test(text)) return template ?? ''
  throw new NnError(
    'invalid_template',
    `The model's chat template is the text "${excerpt(text, quoted.template)}", which is not a Jinja template.`,
    {hint: otherTemplate},
  )
}

/** Reads a template. @throws `invalid_template` */
export function compileTemplate(Jinja: Addon['AddonJinjaRenderer'], template: string | undefined): Renderer {
  const text = templateText(template)
  let compiled: InstanceType<Addon['AddonJinjaRenderer']>
  try {
    compiled = new Jinja(text)
  } catch (error) {
    const reason = toNnError(error).message.replace(/^AddonJinjaRenderer: failed to compile template: /, '')
    throw new NnError(
      'invalid_template',
      // Below the place in the source stands a sign that marks it.
      `The model's chat template cannot be read: ${excerpt(reason.replace(/\n *\^\s*$/, ''), quoted.reason)}`,
      {hint: otherTemplate, cause: error},
    )
  }
  return (variables) => compiled.render(variables)
}

/** A text of a template on one line, for an error. */
function excerpt(text: string, most: number): string {
  const line = sanitize(wellFormed(text).replaceAll(/\s+/g, ' ')).trim()
  return line.length > most ? `${wellFormed(line.slice(0, most))}…` : line
}

/** With U+FFFD for each half of a surrogate pair, as native code reads it. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
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
): RenderedText {
  let failure: unknown
  for (const form of formsOf(given)) {
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

/** The messages that a template gets. @param isMerged whether the system prompt is part of the first user message */
export function givenTo(given: readonly ChatMessage[], isMerged: boolean): readonly ChatMessage[] {
  // A text that is not well-formed becomes what the native code would make of it.
  const messages = given.map((message) => ({...message, content: wellFormed(message.content)}))
  return isMerged ? (mergeSystem(messages) ?? messages) : messages
}

/** @throws `invalid_argument` if the error is about a value that no template can get */
function throwIfVariable(error: unknown): void {
  const [, name, path = '', why] =
    /failed to convert input at items\["(.*?)"\]((?:\[.*?\])*): (.*)/s.exec(toNnError(error).message) ?? []
  if (name === undefined) return
  throw new NnError(
    'invalid_argument',
    `The template variable ${excerpt(name, quoted.template)}${excerpt(path, quoted.template)} cannot be passed on: ${why}.`,
    {
      hint: 'Integers have at most 64 bits, and lists and objects at most 250 levels.',
      cause: error,
    },
  )
}

/** The template's own words, without the renderer's name and the place in the template's source. */
function reasonOf(message: string): string {
  const own = /Jinja Exception: (.*)/s.exec(message)?.[1] ?? /\nError: (.*)/s.exec(message)?.[1]
  return excerpt(own ?? message.replace(/^AddonJinjaRenderer: /, ''), quoted.reason)
}

function formsOf(given: readonly ChatMessage[]): Form[] {
  const messages = givenTo(given, false)
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
): RenderedText {
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
  return {text, isMerged: joined === 1, ...located}
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
