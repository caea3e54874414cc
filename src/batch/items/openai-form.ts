import {NnError} from '../../errors.js'
import {ApiError, badRequest} from '../../openai/api-error.js'
import {readChatRequest} from '../../openai/chat.js'
import {readTextRequest} from '../../openai/completions.js'
import {readEmbeddingsRequest, type EmbeddingsRequest} from '../../openai/embeddings.js'
import type {CompletionRequest} from '../../openai/respond.js'
import {shorten, showValue} from '../../documents/index.js'
import type {Asked, Reading} from './item.js'

export interface OpenAiFormContext {
  hasTemplate: boolean
  /** Called with ignored fields. */
  onIgnored: (names: readonly string[]) => void
  /** Called with the model that an item names. */
  onModel: (name: string) => void
}

const ownFields = ['custom_id', 'method', 'url', 'body']

const urls: Readonly<Record<string, (body: unknown) => CompletionRequest | EmbeddingsRequest>> = {
  '/v1/chat/completions': readChatRequest,
  '/v1/completions': readTextRequest,
  '/v1/embeddings': readEmbeddingsRequest,
}

/** Whether it is meant as a line of an OpenAI batch. Template columns may also be named `url` or `body`. */
export function isOpenAiForm(value: unknown, hasTemplate: boolean): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const has = (name: string): boolean => Object.hasOwn(value, name)
  return hasTemplate ? has('custom_id') && has('body') : ownFields.some(has)
}

/** Reads `{custom_id, method, url, body}`. */
export function readOpenAiForm(value: Readonly<Record<string, unknown>>, context: OpenAiFormContext): Reading {
  const {custom_id: id} = value
  const isId = typeof id === 'string' && id !== ''
  const own = isId ? id : id == null ? undefined : null
  try {
    if (id != null && !isId) throw badRequest(`custom_id: must be a non-empty string; got ${showValue(id)}.`)
    return {id: own, form: 'openai', question: readQuestion(value, context)}
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const fault = new NnError('invalid_argument', error.message, {cause: error})
    return {id: own, form: 'openai', question: {fault}}
  }
}

function readQuestion(value: Readonly<Record<string, unknown>>, context: OpenAiFormContext): Asked {
  const {method = 'POST', url, body} = value
  const unknown = Object.keys(value).find((name) => !ownFields.includes(name))
  if (unknown !== undefined)
    throw badRequest(`${shorten(unknown)}: unknown field. A line has only ${ownFields.join(', ')}.`, unknown)
  if (method !== 'POST') throw badRequest(`method: must be POST; got ${showValue(method)}.`, 'method')
  if (context.hasTemplate) throw badRequest('--template needs items in the short form.')
  const read = typeof url === 'string' && Object.hasOwn(urls, url) ? urls[url] : undefined
  if (read === undefined) {
    throw badRequest(`url: must be one of ${Object.keys(urls).join(', ')}; got ${showValue(url)}.`, 'url')
  }
  const request = read(body)
  const {model, ignored} = request
  const question = 'texts' in request ? {embeddings: request} : readCompletion(request)
  if (model !== undefined) context.onModel(model)
  if (ignored.length > 0) context.onIgnored(ignored)
  return question
}

function readCompletion({sessionId, stream, input, options, shape}: CompletionRequest): Asked {
  if (stream) throw badRequest('stream: a batch cannot stream its answers.', 'stream', 'unsupported_value')
  if (sessionId !== undefined) {
    throw badRequest(
      'session_id: not allowed, because each item is a conversation of its own.',
      'session_id',
      'unsupported_value',
    )
  }
  return {input, options, shape}
}
