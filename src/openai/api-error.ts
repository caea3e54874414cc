import {explain, NnError, type ErrorCode} from '../errors.js'

/** An error as OpenAI's API writes it. */
export interface ErrorBody {
  error: {message: string; type: string; param: string | null; code: string | null}
}

export interface ApiErrorOptions {
  /** The field of the request that is at fault, as `messages[0].content`. */
  param?: string
  /** Headers of the answer. */
  headers?: Record<string, string>
  cause?: unknown
}

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
    super(message, cause === undefined ? undefined : {cause})
    this.param = param
    this.headers = headers
  }

  get body(): ErrorBody {
    const {message, type, param = null, code} = this
    return {error: {message, type, param, code}}
  }
}

/** A request whose contents are at fault. */
export function badRequest(message: string, param?: string, code = 'invalid_value'): ApiError {
  return new ApiError(400, 'invalid_request_error', code, message, param === undefined ? {} : {param})
}

type Mapping =
  ConstructorParameters<typeof ApiError> extends [infer Status, infer Type, infer Code, ...unknown[]]
    ? [Status, Type, Code]
    : never

/** What becomes of the lifecycle's errors; docs/http.md has the same table. */
export const errorStatuses: Record<ErrorCode, Mapping> = {
  invalid_argument: [400, 'invalid_request_error', 'invalid_argument'],
  invalid_encoding: [400, 'invalid_request_error', 'invalid_encoding'],
  unsupported_operation: [400, 'invalid_request_error', 'unsupported_operation'],
  prompt_too_long: [400, 'invalid_request_error', 'context_length_exceeded'],
  context_full: [400, 'invalid_request_error', 'context_length_exceeded'],
  security: [403, 'invalid_request_error', 'security'],
  not_found: [404, 'invalid_request_error', 'not_found'],
  model_not_found: [404, 'invalid_request_error', 'model_not_found'],
  timeout: [504, 'server_error', 'timeout'],
  runtime_error: [500, 'server_error', 'runtime_error'],
  not_running: [503, 'server_error', 'not_running'],
  too_large: [500, 'server_error', 'too_large'],
  end_of_sequence: [500, 'server_error', 'end_of_sequence'],
  unknown: [500, 'server_error', 'unknown'],
}

/** Official clients try again after 5xx, which would only double the load of a request that took too long. */
const finalHeaders = {'x-should-retry': 'false'}

/** Fastify's own refusals that say what the client did. */
const frameworkErrors: Record<string, [status: number, code: string, message?: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body_too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'unsupported_media_type',
    'Send the body as JSON, with the header Content-Type: application/json.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'invalid_content_length'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'invalid_json'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'invalid_json'],
  FST_ERR_BAD_URL: [400, 'invalid_url'],
  FST_ERR_ASYNC_CONSTRAINT: [400, 'invalid_url'],
}

/** Whatever was thrown, as the client is to see it. What nobody foresaw is not shown. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof NnError) {
    const message = explain(thrown)
    if (thrown.busy) return new ApiError(429, 'rate_limit_error', 'queue_full', message, {cause: thrown})
    const [status, type, code] = errorStatuses[thrown.code]
    return new ApiError(status, type, code, message, {
      cause: thrown,
      ...(thrown.code === 'timeout' && {headers: finalHeaders}),
    })
  }
  const {code, statusCode, message} = thrown as {code?: string; statusCode?: number; message?: string}
  const known = frameworkErrors[code ?? '']
  if (known !== undefined) return new ApiError(known[0], 'invalid_request_error', known[1], known[2] ?? message ?? '')
  // The JSON parser's own complaints.
  if (thrown instanceof SyntaxError && statusCode === 400)
    return badRequest(`The body is not JSON: ${thrown.message}`, undefined, 'invalid_json')
  return new ApiError(500, 'server_error', 'unknown', 'An unexpected fault occurred.', {cause: thrown})
}

export function serverClosing(): ApiError {
  return new ApiError(503, 'server_error', 'server_closing', 'The server is closing.')
}
