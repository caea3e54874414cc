import type {IncomingMessage} from 'node:http'
import {Readable} from 'node:stream'
import type {HttpLimits} from './limits.js'

type Limits = Pick<HttpLimits, 'bodyBytes' | 'discardBytes' | 'discardMs'>

/** How an early response, to a request whose body is not read, ends. */
export interface EarlyEnd {
  /** Whether the client may still be sending its body. */
  rest: boolean
  /** Whether the connection is closed after the response. */
  close: boolean
}

/** Looks at the headers of a request that is rejected now. */
export function earlyEnd({headers, complete, method}: IncomingMessage, {bodyBytes}: Limits): EarlyEnd {
  const length = Number(headers['content-length'] ?? 0)
  const isChunked = headers['transfer-encoding'] !== undefined
  const isLarge = length > bodyBytes
  // Such a client sends its body only when it is asked to.
  const waits = isLarge && asksToContinue(headers.expect)
  const rest = !complete && (length > 0 || isChunked) && !waits && method !== 'HEAD'
  return {rest, close: isLarge || (rest && isChunked)}
}

export function asksToContinue(expect: string | undefined): boolean {
  return expect?.toLowerCase() === '100-continue'
}

/**
 * The body of a response, which is sent at once and ends when the rest of the request has arrived, and was discarded.
 * Closing a connection with unread data resets it: a client that is still sending would see that, and not the response.
 */
export function endAfterRest(body: string, request: IncomingMessage, {discardBytes, discardMs}: Limits): Readable {
  let bytes = 0
  const count = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes > discardBytes) end()
  }
  const release = (): void => {
    clearTimeout(timer)
    request.off('data', count).off('end', end).off('close', end)
  }
  const end = (): void => {
    release()
    response.push(null)
  }
  const response = new Readable({
    read: () => undefined,
    destroy: (error, done) => {
      release()
      done(error)
    },
  })
  const timer = setTimeout(end, discardMs)
  response.push(body)
  request.on('data', count).once('end', end).once('close', end)
  return response
}
