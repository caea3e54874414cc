import {runtimeOptionsFromObject, type Config, type RuntimeOptions} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {ApiError} from '../../openai/api-error.js'
import {readMessages} from '../../openai/messages.js'
import {DocumentError, showValue} from '../../documents/index.js'
import {parseJson, readCell} from './cell.js'
import type {Asked, Reading} from './item.js'
import type {Template} from './template.js'

export interface ShortFormContext {
  config: Config
  template: Template | undefined
  /** Called with unused fields. */
  onUnused: (names: readonly string[]) => void
}

type Fields = Readonly<Record<string, unknown>>

/** Reads `{id?, prompt | messages, …options}`, or only a prompt. With a template, other fields are its variables. */
export function readShortForm(value: unknown, isText: boolean, context: ShortFormContext): Reading {
  const fields = typeof value === 'string' ? {prompt: value} : value
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return fault(
      undefined,
      new NnError('invalid_argument', `An item must be an object or a string; got ${showValue(value)}.`),
    )
  }
  const {id, ...others} = fields as Fields
  const isId = (typeof id === 'string' && id !== '') || (typeof id === 'number' && Number.isSafeInteger(id))
  if (id != null && !isId) {
    return fault(
      undefined,
      new NnError('invalid_argument', `id: must be a string or an integer; got ${showValue(id)}.`),
    )
  }
  const name = isId ? String(id) : undefined
  try {
    return {id: name, form: 'short', question: readQuestion(fields as Fields, others, isText, context)}
  } catch (error) {
    if (error instanceof ApiError) return fault(name, new NnError('invalid_argument', error.message, {cause: error}))
    if (error instanceof NnError) return fault(name, error)
    throw error
  }
}

function fault(id: string | undefined, error: NnError): Reading {
  return {id, form: 'short', question: {fault: error}}
}

function readQuestion(fields: Fields, others: Fields, isText: boolean, context: ShortFormContext): Asked {
  const {template, config} = context
  const {prompt, messages, ...rest} = without(others, template?.names)
  const options = readOptions(rest, isText, context)
  if (template !== undefined) {
    if (prompt != null || messages != null) {
      throw refuse('The template creates the prompt: an item may have prompt or messages only if the template uses it.')
    }
    return {input: template.fill(fields), options}
  }
  if ((prompt == null) === (messages == null)) throw refuse('An item must have either a prompt or messages.')
  if (prompt != null) {
    if (typeof prompt === 'string' && prompt !== '') return {input: prompt, options}
    throw refuse(`prompt: must be a non-empty string; got ${showValue(prompt)}.`)
  }
  const list = isText && typeof messages === 'string' ? parseJson(messages) : messages
  if (!Array.isArray(list)) throw refuse(`messages: must be a list; got ${showValue(list)}.`)
  return conversation(list, options, config)
}

function conversation(messages: readonly unknown[], options: RuntimeOptions, config: Config): Asked {
  const {systemPrompt, history, input} = readMessages(messages)
  if ((options.prompt_mode ?? config.model.prompt_mode) === 'raw') throw refuse('messages: needs prompt_mode chat.')
  if (systemPrompt !== '' && options.system_prompt !== undefined) {
    throw refuse('system_prompt: cannot be combined with a system message.')
  }
  return {input, options: {...options, ...(systemPrompt !== '' && {system_prompt: systemPrompt}), history}}
}

/** @throws `invalid_argument` that names each mistake. */
function readOptions(fields: Fields, isText: boolean, {config, template, onUnused}: ShortFormContext): RuntimeOptions {
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
      return readOptions(without(fields, new Set(unused)), isText, {config, template, onUnused})
    }
    const [problem] = error.problems
    throw new NnError(
      'invalid_argument',
      error.problems.map(({path, message}) => `${path}: ${message}`).join('; '),
      problem?.hint === undefined ? {} : {hint: problem.hint},
    )
  }
}

function without(fields: Fields, names: ReadonlySet<string> | undefined): Fields {
  return names === undefined ? fields : Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)))
}

function refuse(message: string): NnError {
  return new NnError('invalid_argument', message)
}
