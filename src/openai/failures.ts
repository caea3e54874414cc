import type {FastifyInstance, FastifyReply, FastifyRequest} from 'fastify'
import {ApiError, toApiError} from './api-error.js'
import {earlyEnd, endAfterRest} from './rest-of-request.js'
import type {Core} from '../backend/contract/core.js'
import type {Serving} from './serving.js'

/** All failures in OpenAI's format. */
export function handleFailures(app: FastifyInstance, serving: Serving): void {
  const {backend, log} = serving
  app.setErrorHandler(async (error: unknown, request, reply) => {
    const failure = toApiError(error)
    if (failure.status === 429) void reply.header('retry-after', await secondsToWait(backend))
    if (failure.status >= 500)
      log('error', 'request failed', {route: request.routeOptions.url ?? '', reason: reasonOf(failure)})
    return sendFailure(failure, request, reply, serving)
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

/** The response of a failure; also for a request that has no route. */
export function sendFailure(
  {status, headers, body}: ApiError,
  {raw}: FastifyRequest,
  reply: FastifyReply,
  {limits}: Pick<Serving, 'limits'>,
): FastifyReply {
  const {rest, close} = earlyEnd(raw, limits)
  void reply.code(status).headers(headers)
  if (close) void reply.header('connection', 'close')
  if (!rest) return reply.send(body)
  const text = JSON.stringify(body)
  return reply
    .headers({'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text)})
    .send(endAfterRest(text, raw, limits))
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
