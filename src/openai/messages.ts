import type {RequestSettings} from '../config/index.js'
import {badRequest, type ApiError} from './api-error.js'
import type {KnownFields} from './ignored-fields.js'

/** A chat request's messages as a context takes them. */
export interface Conversation {
  systemPrompt: string
  history: NonNullable<RequestSettings['history']>
  input: string
}

const textPart = {properties: {type: {}, text: {}}}

/** The fields of a message that are read. */
export const messageFields: KnownFields = {properties: {role: {}, content: {items: textPart}, tool_calls: {}}}

interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/**
 * The last message is the question and has to be the user's; system messages, wherever they stand, become one system
 * prompt, with an empty line between them.
 */
export function readMessages(messages: readonly unknown[]): Conversation {
  const read = messages.map(readMessage)
  const last = read.at(-1)
  if (last === undefined) throw badRequest('messages: must have at least one message, by the user; got [].', 'messages')
  if (last.role !== 'user') {
    throw badRequest(
      'messages: the last message must have the role user. Continuing a message of the assistant is not supported.',
      `messages[${read.length - 1}].role`,
      'unsupported_value',
    )
  }
  const systems = read.filter(({role}) => role === 'system').map(({content}) => content)
  const history = read.slice(0, -1).flatMap(({role, content}) => (role === 'system' ? [] : [{role, content}]))
  return {systemPrompt: systems.join('\n\n'), history, input: last.content}
}

function readMessage(message: unknown, index: number): Message {
  const at = `messages[${index}]`
  if (typeof message !== 'object' || message === null) throw badRequest(`${at}: must be an object.`, at)
  const {role, content, tool_calls} = message as Record<string, unknown>
  if (tool_calls != null) throw unsupported(`${at}.tool_calls`, 'tools are not supported.')
  switch (role) {
    // What newer models of OpenAI's call the system's role.
    case 'developer':
    case 'system':
      return {role: 'system', content: readContent(content, `${at}.content`)}
    case 'user':
      return {role, content: readContent(content, `${at}.content`)}
    case 'assistant':
      return {role, content: content == null ? '' : readContent(content, `${at}.content`)}
    case 'tool':
    case 'function':
      throw unsupported(`${at}.role`, 'tools are not supported.')
    default:
      throw badRequest(`${at}.role: must be one of system, developer, user, assistant.`, `${at}.role`)
  }
}

function readContent(content: unknown, at: string): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw badRequest(`${at}: must be a string, or a list of text parts.`, at)
  return content
    .map((part: unknown, index) => {
      const {type, text} = (part ?? {}) as Record<string, unknown>
      if (type === 'text' && typeof text === 'string') return text
      throw unsupported(`${at}[${index}]`, 'only parts of type text are supported.')
    })
    .join('')
}

function unsupported(at: string, why: string): ApiError {
  return badRequest(`${at}: ${why}`, at, 'unsupported_value')
}
