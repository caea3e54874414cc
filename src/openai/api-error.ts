import {shorten} from '../documents/index.js'
import {explain, NnError, reasons, type Reason} from '../errors.js'

/** An error in OpenAI's format. */
export interface ErrorBody {
  error: {message: string; type: string; param: string | null; code: string | null}
}

export interface ApiErrorOptions {
  /** The field of the request that is wrong, for example `messages[0].content`. */
  param?: string
  /** Headers of the response. */
  headers?: Record<string, string>
  cause?: unknown
}

/** Messages and paths contain names of the request, which may be as long as its body. In UTF-16 units. */
const longestMessage = 4000
const longestParam = 200

/** A request that fails with an HTTP status. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly param: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    readonly status: number,
    readonly type: 'invalid_request_error' | 'authentication_error' | 'rate_limit_error' | 'server_error',
    readonly code: string,
    message: string,
    {param, headers = {}, cause}: ApiErrorOptions = {},
  ) {
    super(shorten(message, longestMessage), cause === undefined ? undefined : {cause})
    this.param = param === undefined ? undefined : shorten(param, longestParam)
    this.headers = headers
  }

  get body(): ErrorBody {
    const {message, type, param = null, code} = this
    return {error: {message, type, param, code}}
  }
}

/** A request with invalid contents. */
export function badRequest(message: string, param?: string, code = 'invalid_value'): ApiError {
  return new ApiError(400, 'invalid_request_error', code, message, param === undefined ? {} : {param})
}

/** OpenAI's own codes, for reasons that have one. */
const ownCodes: Partial<Record<Reason, string>> = {
  prompt_too_long: 'context_length_exceeded',
  context_full: 'context_length_exceeded',
}

/** The `code` of the response. All reasons to retry have the same one. */
export function apiCode(reason: Reason): string {
  return ownCodes[reason] ?? ('retry' in reasons[reason] ? 'queue_full' : reasons[reason].code)
}

export function typeOf(status: number): ApiError['type'] {
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** Official clients retry after 5xx: that would double the load of a request that took too long, or kill one more engine. */
const finalHeaders = {'x-should-retry': 'false'}
const final: readonly Reason[] = ['deadline', 'request_killed_engine']

/** Fastify's own errors that are caused by the client. */
const frameworkErrors: Record<string, [status: number, code: string, message?: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body_too_large', 'The body is too large.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'unsupported_media_type',
    'Send the body as JSON, with the header Content-Type: application/json.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'invalid_content_length'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'invalid_json', 'The body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'invalid_json', 'The body is not JSON.'],
  FST_ERR_BAD_URL: [400, 'invalid_url', 'The path has a % that is not followed by the two digits of a UTF-8 byte.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'url_too_long'],
  FST_ERR_ASYNC_CONSTRAINT: [400, 'invalid_url'],
}

/** Converts anything thrown to a response. Details of unexpected errors are not shown. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof NnError) {
    const message = explain(thrown)
    const {reason} = thrown
    const {status} = reasons[reason]
    return new ApiError(status, typeOf(status), apiCode(reason), message, {
      cause: thrown,
      ...(final.includes(reason) && {headers: finalHeaders}),
    })
  }
  const {code, statusCode, message} = thrown as {code?: string; statusCode?: number; message?: string}
  const known = frameworkErrors[code ?? '']
  if (known !== undefined) return new ApiError(known[0], 'invalid_request_error', known[1], known[2] ?? message ?? '')
  // The JSON parser's own complaints.
  if (thrown instanceof SyntaxError && statusCode === 400)
    return badRequest(`The body is not JSON: ${thrown.message}`, undefined, 'invalid_json')
  return new ApiError(500, 'server_error', 'unknown', 'An unexpected error occurred.', {cause: thrown})
}

/** Official clients retry after this status. */
export function modelLoading(name: string): ApiError {
  const headers = {'retry-after': '1'}
  return new ApiError(503, 'server_error', 'model_loading', `The model "${name}" is being loaded.`, {headers})
}

export function serverClosing(): ApiError {
  return new ApiError(503, 'server_error', 'server_closing', 'The server is closing.')
}
