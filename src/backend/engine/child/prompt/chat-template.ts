import {NnError, toNnError} from '../../../../errors.js'
import type {ChatMessage} from '../../protocol.js'
import {Marks, type Place, type Reading} from './marks.js'
import type {SpecialToken, SpecialTokens} from './special-tokens.js'

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
export interface RenderedChat {
  text: string
  /** The messages that the template got: the system prompt may have become part of the first user message. */
  messages: readonly ChatMessage[]
  /** Where each message stands, if the text has it unchanged. */
  places: ReadonlyMap<number, Place>
  /** Special tokens that the template wrote. Others are part of a message, and plain text. */
  specials: readonly SpecialToken[]
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

/** What a template writes that puts a list of parts into the text. */
const printsParts = /['"]type['"]: ?['"]text['"]/

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
  const attempt = (list: readonly ChatMessage[]): string =>
    render({
      ...variables,
      messages: list.map(({role, content}) => ({role, content: parts ? [{type: 'text', text: content}] : content})),
      add_generation_prompt: true,
      bos_token: bos,
      eos_token: eos,
    })
  const text = attempt(messages)
  const marks = new Marks(tokens, [text, ...messages.map(({content}) => content)])
  const reading = tryRead(() => marks.read(attempt(messages.map((message, index) => marks.mark(message, index)))))
  const all = reading?.text === text ? reading : readOneByOne(attempt, messages, text, marks, tokens)
  for (const [index, {content, role}] of messages.entries()) {
    if (content.trim() !== '' && !all.places.has(index)) throw leftOut(role, index + joined, messages.length + joined)
  }
  if (parts && printsParts.test(text)) throw new Error('The template prints the parts of a message as data.')
  return {text, messages, places: all.places, specials: all.specials}
}

/** A template may reject a conversation with marks; then it is read message by message. */
function tryRead(read: () => Reading): Reading | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** For templates that do something else when all messages have marks: one message is marked at a time. */
function readOneByOne(
  attempt: (list: readonly ChatMessage[]) => string,
  messages: readonly ChatMessage[],
  text: string,
  marks: Marks,
  tokens: SpecialTokens,
): Pick<Reading, 'places' | 'specials'> {
  const places = new Map<number, Place>()
  let specials = tokens.find(text)
  for (const [index, message] of messages.entries()) {
    const reading = tryRead(() => marks.read(attempt(messages.with(index, marks.mark(message, index)))))
    const place = reading?.places.get(index)
    // A template that reads the message, but writes something else, has not lost it.
    if (place !== undefined || reading?.text !== text) places.set(index, reading?.text === text ? (place ?? {}) : {})
    if (tokens.find(message.content).length === 0) continue
    const exact = reading?.text === text ? reading : readSpecials(attempt, messages, index, text, marks)
    if (exact === undefined) throw ambiguous(message.content, index, tokens)
    const own = new Set(exact.specials.map(({start}) => start))
    specials = specials.filter(({start}) => own.has(start))
  }
  return {places, specials}
}

/** For templates that look at the ends of a message, or at its length: only its special tokens are marked, or hidden. */
function readSpecials(
  attempt: (list: readonly ChatMessage[]) => string,
  messages: readonly ChatMessage[],
  index: number,
  text: string,
  marks: Marks,
): Reading | undefined {
  const message = messages[index]
  if (message === undefined) return undefined
  const render = (changed: ChatMessage): string => attempt(messages.with(index, changed))
  const marked = tryRead(() => marks.read(render(marks.markSpecialsOf(message))))
  if (marked?.text === text) return marked
  const hiding = marks.hideSpecialsOf(message)
  const hidden = hiding && tryRead(() => hiding.read(render(hiding.message)))
  return hidden?.text === text ? hidden : undefined
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

function ambiguous(content: string, index: number, tokens: SpecialTokens): NnError {
  const [found] = tokens.find(content)
  return new NnError(
    'conversation_rejected',
    `Message ${index + 1} contains ${content.slice(found?.start, found?.end)}, a special token that the model's chat template looks for, so the two cannot be kept apart.`,
    {hint: 'Remove it from the message.'},
  )
}
