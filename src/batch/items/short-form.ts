import {runtimeOptionsFromObject, type Config, type RuntimeOptions} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {ApiError} from '../../openai/api-error.js'
import {ignoredFields} from '../../openai/ignored-fields.js'
import {messageFields, readMessages} from '../../openai/messages.js'
import {DocumentError, shorten, showValue, suggest, type Problem, type Written} from '../../documents/index.js'
import type {Found} from '../input/record.js'
import {hintForNumber, optionNames, parseJson, readCell} from './cell.js'
import type {Asked, Reading} from './item.js'
import type {Template} from './template.js'

export interface ShortFormContext {
  config: Config
  template: Template | undefined
  /** Called with unused fields. */
  onUnused: (names: readonly string[]) => void
  /** Called with ignored fields of messages. */
  onIgnored: (names: readonly string[]) => void
}

type Fields = Readonly<Record<string, unknown>>

/** Reads `{id?, prompt | messages, …options}`, or only a prompt. With a template, other fields are its variables. */
export function readShortForm(found: Found, context: ShortFormContext): Reading {
  const {value, written} = found
  const fields = typeof value === 'string' ? {prompt: value} : value
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return fault(
      undefined,
      new NnError('invalid_argument', `An item must be an object or a string; got ${showValue(value)}.`),
    )
  }
  const {id} = fields as Fields
  const name = readId(id, written)
  if (id != null && name === undefined) {
    return fault(null, new NnError('invalid_argument', `id: must be a string or an integer; got ${showValue(id)}.`))
  }
  try {
    return {id: name, form: 'short', question: readQuestion(fields as Fields, found, context)}
  } catch (error) {
    if (error instanceof ApiError) return fault(name, new NnError('invalid_argument', error.message, {cause: error}))
    if (error instanceof NnError) return fault(name, error)
    throw error
  }
}

function fault(id: string | null | undefined, error: NnError): Reading {
  return {id, form: 'short', question: {fault: error}}
}

/** A string, or an integer as the input writes it; `undefined` for anything else. */
function readId(id: unknown, written: Written | undefined): string | undefined {
  if (typeof id === 'string') return id === '' ? undefined : id
  if (!Number.isInteger(id)) return undefined
  return written?.(['id']) ?? (Number.isSafeInteger(id) ? String(id) : undefined)
}

function readQuestion(fields: Fields, {isText = false, written}: Found, context: ShortFormContext): Asked {
  const {template} = context
  const {prompt, messages, ...rest} = without(fields, new Set(['id', ...(template?.names ?? [])]))
  const options = readOptions(rest, isText, context)
  if (template !== undefined) {
    if (prompt != null || messages != null) {
      throw refuse('The template creates the prompt: an item may have prompt or messages only if the template uses it.')
    }
    return {input: template.fill(fields, written), options}
  }
  if ((prompt == null) === (messages == null)) throw refuse('An item must have either a prompt or messages.')
  if (prompt != null) {
    if (typeof prompt === 'string' && prompt !== '') return {input: prompt, options}
    throw refuse(`prompt: must be a non-empty string; got ${showValue(prompt)}.`)
  }
  const list = isText && typeof messages === 'string' ? parseJson(messages) : messages
  if (!Array.isArray(list)) throw refuse(`messages: must be a list; got ${showValue(list)}.`)
  return conversation(list, options, context)
}

function conversation(
  messages: readonly unknown[],
  options: RuntimeOptions,
  {config, onIgnored}: ShortFormContext,
): Asked {
  const {systemPrompt, history, input} = readMessages(messages)
  if ((options.prompt_mode ?? config.model.prompt_mode) === 'raw') throw refuse('messages: needs prompt_mode chat.')
  if (systemPrompt !== '' && options.system_prompt !== undefined) {
    throw refuse('system_prompt: cannot be combined with a system message.')
  }
  const ignored = ignoredFields({messages}, {properties: {messages: {items: messageFields}}})
  if (ignored.length > 0) onIgnored(ignored)
  return {input, options: {...options, ...(systemPrompt !== '' && {system_prompt: systemPrompt}), history}}
}

/** @throws `invalid_argument` that names each mistake. */
function readOptions(fields: Fields, isText: boolean, context: ShortFormContext): RuntimeOptions {
  const {config, template, onUnused} = context
  const given = isText
    ? Object.fromEntries(Object.entries(fields).map(([name, cell]) => [name, readCell(name, cell as string)]))
    : fields
  try {
    const {options} = runtimeOptionsFromObject(given, {config, strict: true})
    if (options.history !== undefined) throw refuse('history: write earlier turns as messages.')
    if (options.stream_stdout === true)
      throw refuse('stream_stdout: not allowed, because a batch writes answers to its output.')
    return options
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    const unused = error.problems.flatMap(({path, message}) =>
      Object.hasOwn(fields, path) && message.startsWith('unknown key') ? [path] : [],
    )
    // With a template, unused columns of a table are not an error.
    if (template !== undefined && unused.length > 0) {
      onUnused(unused)
      return readOptions(without(fields, new Set(unused)), isText, context)
    }
    const [hint] = error.problems.map((problem) => hintFor(problem, given)).filter((each) => each !== undefined)
    throw new NnError(
      'invalid_argument',
      error.problems
        .slice(0, mostMistakes)
        .map(({path, message}) => `${shorten(path)}: ${message}`)
        .join('; '),
      hint === undefined ? {} : {hint},
    )
  }
}

/** An error row with more of them helps nobody. */
const mostMistakes = 20

const itemFields = ['id', 'prompt', 'messages']

/** An item has more fields than options, and a table has numbers as its country writes them. */
function hintFor({path, message, hint}: Problem, fields: Fields): string | undefined {
  const value = fields[path]
  if (message.startsWith('unknown key')) {
    const meant = suggest(path, [...itemFields, ...optionNames])
    return meant !== undefined && itemFields.includes(meant) ? `Did you mean "${meant}"?` : hint
  }
  return hint ?? (typeof value === 'string' ? hintForNumber(path, value) : undefined)
}

function without(fields: Fields, names: ReadonlySet<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)))
}

function refuse(message: string): NnError {
  return new NnError('invalid_argument', message)
}
