import {isIP} from 'node:net'
import {ApiError} from './api-error.js'

/** Whether only this machine can reach it. An empty name, or a name other than localhost, may be anything. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/**
 * Checks a `Host` header: it names the loopback address. Any other name may come from a web page that uses DNS
 * rebinding, so that the browser treats this server as the page's own.
 */
export function checkHost(header: string): void {
  const name = nameOf(header)
  if (isLoopback(name)) return
  const message = `Requests for the host ${JSON.stringify(name)} need an API key.`
  throw new ApiError(
    403,
    'invalid_request_error',
    'host_not_allowed',
    `${message} Use localhost, or serve with an API key.`,
  )
}

/** Without the port, and without the brackets of an IPv6 address. */
function nameOf(header: string): string {
  return header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
}
