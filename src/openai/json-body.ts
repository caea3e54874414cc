import {setImmediate} from 'node:timers/promises'
import type {FastifyInstance, FastifyRequest} from 'fastify'
import {decodeText, exceeded, excessOfText} from '../documents/index.js'
import {ApiError, badRequest} from './api-error.js'

/** From this size on, bodies are parsed one in each turn of the event loop, so that streams go on between them. */
const largeBytes = 64 * 1024

/** A page of another site can post text and forms here without a preflight request, but not JSON. */
export function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'ignore')
  let last = Promise.resolve()
  app.removeAllContentTypeParsers()
  // As a string it would be decoded without a check.
  app.addContentTypeParser('application/json', {parseAs: 'buffer'}, async (request: FastifyRequest, body: Buffer) => {
    if (body.length >= largeBytes) {
      last = last.then(() => setImmediate())
      await last
    }
    const text = decodeText(body, 'The body')
    checkBounds(text)
    return await new Promise((resolve, reject) => {
      void parse(request, text, (error, value) => {
        if (error === null) resolve(value)
        else reject(error)
      })
    })
  })
  app.addHook('onRequest', (request, _reply, done) => {
    checkEncoding(request.headers['content-encoding'])
    checkCharset(request.headers['content-type'])
    done()
  })
}

/** Before it is parsed: a million brackets take a second. */
function checkBounds(text: string): void {
  const excess = excessOfText(text)
  if (excess === undefined) return
  const {which, field} = excess
  if (which === 'levels' && field !== undefined) throw badRequest(`${field}: ${exceeded(which)}.`, field)
  throw badRequest(`The body ${exceeded(which)}.`, field)
}

/** @throws `ApiError` for a body that is compressed */
function checkEncoding(encoding = 'identity'): void {
  if (encoding.trim().toLowerCase() === 'identity') return
  throw unsupported(`Send the body without Content-Encoding; got ${JSON.stringify(encoding)}.`, {
    'accept-encoding': 'identity',
  })
}

const charsets = ['utf-8', 'utf8', 'us-ascii', 'ascii', 'utf-16', 'utf-16le', 'utf-16be']

/** @throws `ApiError` for characters that are not read here. Bytes that are wrong in a right one are found later. */
function checkCharset(type = ''): void {
  const [, quoted, bare] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i.exec(type) ?? []
  const charset = quoted ?? bare
  if (charset === undefined || charsets.includes(charset.toLowerCase())) return
  throw unsupported(`Send the body in UTF-8; got the charset ${JSON.stringify(charset)}.`)
}

function unsupported(message: string, headers: Record<string, string> = {}): ApiError {
  return new ApiError(415, 'invalid_request_error', 'unsupported_media_type', message, {headers})
}
