import {setTimeout as delay} from 'node:timers/promises'
import fastify, {type FastifyInstance} from 'fastify'
import {keyCheck} from './api-key.js'
import {chatRoutes} from './chat.js'
import {serverClosing} from './client-signal.js'
import {completionRoutes} from './completions.js'
import {embeddingRoutes} from './embeddings.js'
import {handleFailures, refuseConnection} from './failures.js'
import {checkHost} from './host-check.js'
import {defaultLimits, type HttpLimits} from './limits.js'
import {createMetrics} from './metrics.js'
import {modelRoutes} from './models.js'
import type {HttpLog, ServedBackend, Serving} from './serving.js'
import {statusRoutes} from './status.js'

export interface OpenAiServerOptions {
  /** Requests must carry it, except for `/health`. Defaults to none. */
  apiKey?: string | undefined
  /** Whether requests must ask for a name of the loopback address. Defaults to `false`. */
  loopbackOnly?: boolean
  /** Defaults to `defaultLimits`. */
  limits?: Partial<HttpLimits>
  /** Is told of failures of the server, and of clients that go or are too slow. Defaults to nobody. */
  log?: HttpLog
}

/** Requests in flight have this long to end once the server closes, in milliseconds. */
const closingMs = 2000

/**
 * OpenAI's API over any backend, not yet listening; see docs/http.md. The backend stays its owner's. `close` refuses
 * new requests, ends those in flight with 503, and closes all connections.
 */
export function openaiServer(backend: ServedBackend, options: OpenAiServerOptions = {}): FastifyInstance {
  const {apiKey, loopbackOnly = false, log = () => undefined} = options
  const limits = {...defaultLimits, ...options.limits}
  const serving: Serving = {backend, limits, log, metrics: createMetrics(backend), inFlight: new Set()}
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: {maxParamLength: 4096},
    clientErrorHandler: refuseConnection,
    http: {
      headersTimeout: limits.headersMs,
      // How late Node.js may notice that a time is over.
      connectionsCheckingInterval: Math.min(1000, limits.headersMs, limits.requestMs),
    },
  })
  app.server.maxConnections = limits.connections
  readJsonOnly(app)
  handleFailures(app, serving)
  if (loopbackOnly) {
    app.addHook('onRequest', (request, _reply, done) => {
      checkHost(request.headers.host)
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
  app.addHook('preClose', () => endAll(serving))
  for (const routes of [modelRoutes, chatRoutes, completionRoutes, embeddingRoutes, statusRoutes]) routes(app, serving)
  return app
}

/** A page of another site can post texts and forms here without being asked, but not JSON. */
function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'ignore')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', {parseAs: 'string'}, parse)
}

async function endAll({inFlight}: Serving): Promise<void> {
  for (const controller of inFlight) controller.abort(serverClosing())
  const deadline = performance.now() + closingMs
  while (inFlight.size > 0 && performance.now() < deadline) await delay(10)
}
