import type {Socket} from 'node:net'
import type {FastifyError, FastifyInstance} from 'fastify'
import {ApiError, toApiError, type ErrorBody} from './api-error.js'
import type {Core} from '../backend/contract/core.js'
import type {Serving} from './serving.js'

/** All failures in OpenAI's format. */
export function handleFailures(app: FastifyInstance, {backend, log}: Serving): void {
  app.setErrorHandler(async (error: unknown, request, reply) => {
    const failure = toApiError(error)
    if (failure.status === 429) void reply.header('retry-after', await secondsToWait(backend))
    if (failure.status >= 500)
      log('error', 'request failed', {route: request.routeOptions.url ?? '', reason: reasonOf(failure)})
    return reply
      .code(failure.status)
      .headers({...failure.headers})
      .send(failure.body)
  })
  const methodsOf = knownRoutes(app)
  app.setNotFoundHandler(({method, url}) => {
    const path = url.split('?')[0] ?? ''
    const allow = methodsOf(path).join(', ')
    if (allow === '') throw new ApiError(404, 'invalid_request_error', 'unknown_url', `There is no ${method} ${path}.`)
    const message = `${path} does not support ${method}. It supports ${allow}.`
    throw new ApiError(405, 'invalid_request_error', 'method_not_allowed', message, {headers: {allow}})
  })
}

/** The allowed methods of each path, for all routes that are added after this call. */
function knownRoutes(app: FastifyInstance): (path: string) => string[] {
  const routes: {pattern: RegExp; methods: string[]}[] = []
  app.addHook('onRoute', ({url, method}) => {
    routes.push({pattern: new RegExp(`^${url.replace('*', '.+')}$`), methods: [method].flat()})
  })
  return (path) => routes.flatMap(({pattern, methods}) => (pattern.test(path) ? methods : []))
}

function reasonOf({cause, message}: ApiError): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : message
}

/** Estimated wait for a free place, in whole seconds from 1 to 60, by the speed of the tasks so far. */
async function secondsToWait(backend: Core): Promise<number> {
  const {queued, running, run_ms} = await backend.status('queue')
  return Math.min(60, Math.max(1, Math.ceil((run_ms.p50 * queued) / Math.max(1, running) / 1000)))
}

const parserErrors: Record<string, [status: string, code: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers_too_large', 'The headers are too large.'],
}

/** Responds to invalid HTTP, which never reaches a route. */
export function refuseConnection(error: FastifyError, socket: Socket): void {
  if (!socket.writable || socket.destroyed) return
  const [status, code, message] = parserErrors[error.code] ?? [
    '400 Bad Request',
    'invalid_request',
    'This is not an HTTP request.',
  ]
  const body = JSON.stringify({error: {message, type: 'invalid_request_error', param: null, code}} satisfies ErrorBody)
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  // A client that never reads must not keep the socket open.
  socket.destroySoon()
}
