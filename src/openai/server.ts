import type {Server} from 'node:http'
import fastify from 'fastify'
import {keyCheck} from './api-key.js'
import {chatRoutes} from './chat.js'
import {completionRoutes} from './completions.js'
import {embeddingRoutes} from './embeddings.js'
import {handleConnections, refuseConnection} from './connections.js'
import {toApiError} from './api-error.js'
import {handleFailures, sendFailure} from './failures.js'
import {checkHost} from './host-check.js'
import {InFlight} from './in-flight.js'
import {readJsonOnly} from './json-body.js'
import {defaultLimits, type HttpLimits} from './limits.js'
import {createMetrics} from './metrics.js'
import {modelRoutes} from './models.js'
import {promptRoutes} from './prompt-routes.js'
import type {Core} from '../backend/contract/core.js'
import type {HttpLog, Serving} from './serving.js'
import {statusRoutes} from './status.js'

/** The server as its owner drives it; within it is one of fastify's. */
export interface HttpApp {
  readonly server: Server
  listen(options: {port: number; host?: string}): Promise<string>
  close(): Promise<unknown>
}

export interface OpenAiServerOptions {
  /** Requests must carry it, except for `/health`. Defaults to none. */
  apiKey?: string | undefined
  /** Whether requests must ask for a name of the loopback address. Defaults to `false`. */
  loopbackOnly?: boolean
  /** Defaults to `defaultLimits`. */
  limits?: Partial<HttpLimits>
  /** Names of the models that are being loaded; requests for one are answered with 503. Defaults to none. */
  loading?: () => readonly string[]
  /** Called for failures of the server, and for clients that disconnect or are too slow. Defaults to none. */
  log?: HttpLog
}

/**
 * OpenAI's API over any backend, not yet listening; see docs/http.md. Does not dispose of the backend. `close` rejects
 * new requests with 503, lets running ones finish unless `inFlight` aborts them, and closes all connections.
 */
export function openaiServer(backend: Core, options: OpenAiServerOptions = {}): {app: HttpApp; inFlight: InFlight} {
  const {apiKey, loopbackOnly = false, loading = () => [], log = () => undefined} = options
  const limits = {...defaultLimits, ...options.limits}
  const metrics = createMetrics(backend)
  const serving: Serving = {backend, loading, limits, log, metrics, inFlight: new InFlight()}
  const {inFlight} = serving
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: true,
    // It also limits the hook that waits for running answers: by default the process would end with an error after 10 s.
    pluginTimeout: 0,
    // Its default body is not in OpenAI's format; a hook sends ours.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: {maxParamLength: 4096},
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) => void sendFailure(toApiError(error), request, reply, {limits}),
    http: {
      // Its response would have no body; a hook sends ours.
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      // How late Node.js may notice a timeout.
      connectionsCheckingInterval: Math.min(1000, limits.headersMs, limits.requestMs),
    },
  })
  app.server.maxConnections = limits.connections
  handleFailures(app, serving)
  handleConnections(app, limits)
  readJsonOnly(app)
  app.addHook('onRequest', (_request, _reply, done) => {
    inFlight.check()
    done()
  })
  if (loopbackOnly) {
    app.addHook('onRequest', (request, _reply, done) => {
      // No browser sends a request without this header, which is one of HTTP/1.0.
      if (request.headers.host !== undefined) checkHost(request.headers.host)
      done()
    })
  }
  if (apiKey !== undefined) {
    const check = keyCheck(apiKey)
    app.addHook('onRequest', (request, _reply, done) => {
      if (request.routeOptions.url !== '/health') check(request.headers.authorization)
      done()
    })
  }
  app.addHook('onResponse', ({routeOptions: {url = 'unknown'}}, reply, done) => {
    serving.metrics.requested(url, reply.raw.statusCode, reply.elapsedTime)
    done()
  })
  app.addHook('preClose', () => {
    inFlight.closing = true
    return inFlight.ended()
  })
  const all = [modelRoutes, chatRoutes, completionRoutes, embeddingRoutes, promptRoutes, statusRoutes]
  for (const routes of all) routes(app, serving)
  return {app, inFlight}
}
