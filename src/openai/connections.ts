import type {IncomingMessage, Server} from 'node:http'
import type {Duplex} from 'node:stream'
import type {FastifyError, FastifyInstance} from 'fastify'
import {ApiError, badRequest, type ErrorBody} from './api-error.js'
import {asksToContinue} from './rest-of-request.js'

/** What Node.js would otherwise answer itself, without a body, or only by closing the connection. */
export function handleConnections(app: FastifyInstance, {bodyBytes}: {bodyBytes: number}): void {
  const server = app.server as Server & {httpAllowHalfOpen: boolean}
  // A client may end its side after its request, as nc -N does, and gets its answer.
  server.httpAllowHalfOpen = true
  server.on('checkContinue', (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) <= bodyBytes) response.writeContinue()
    server.emit('request', request, response)
  })
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response))
  server.on('connect', (_request, socket) => {
    end(socket, '405 Method Not Allowed', 'method_not_allowed', 'This server is no proxy: CONNECT is not supported.')
  })
  app.addHook('onRequest', ({raw}, _reply, done) => {
    checkProtocol(raw)
    done()
  })
}

/** @throws `ApiError` for headers that HTTP does not allow, or that are not supported here */
function checkProtocol({headers, rawHeaders, httpVersion}: IncomingMessage): void {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0')) {
    const message = `A request must have one Host header; got ${hosts === 0 ? 'none' : hosts}.`
    throw badRequest(message, undefined, 'invalid_host')
  }
  const {expect} = headers
  if (expect !== undefined && !asksToContinue(expect)) {
    const message = `The only expectation that is supported is 100-continue; got ${JSON.stringify(expect)}.`
    throw new ApiError(417, 'invalid_request_error', 'expectation_failed', message)
  }
  const encoding = headers['transfer-encoding']
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked') {
    const message = `The only transfer encoding that is supported is chunked; got ${JSON.stringify(encoding)}.`
    throw new ApiError(501, 'invalid_request_error', 'unsupported_transfer_encoding', message)
  }
}

const parserErrors: Record<string, [status: string, code: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers_too_large', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'body_too_large', 'The chunk extensions are too large.'],
  HPE_INVALID_EOF_STATE: ['400 Bad Request', 'incomplete_request', 'The request ended before it was complete.'],
  HPE_INVALID_METHOD: ['400 Bad Request', 'invalid_request', 'The method is unknown, or this is not an HTTP request.'],
}

/** Responds to invalid HTTP, which never reaches a route. */
export function refuseConnection({code: cause}: FastifyError, socket: Duplex): void {
  const [status, code, message] = parserErrors[cause] ?? [
    '400 Bad Request',
    'invalid_request',
    'This is not an HTTP request.',
  ]
  end(socket, status, code, message)
}

function end(socket: Duplex, status: string, code: string, message: string): void {
  if (!socket.writable || socket.destroyed) return
  const body = JSON.stringify({error: {message, type: 'invalid_request_error', param: null, code}} satisfies ErrorBody)
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    // A client that never ends its side must not keep the socket open.
    () => socket.destroy(),
  )
}
