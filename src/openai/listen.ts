import {isIP} from 'node:net'
import type {AddressInfo} from 'node:net'
import {NnError} from '../errors.js'
import {readApiKey} from './api-key.js'
import {isLoopback} from './host-check.js'
import {openaiServer, type HttpApp, type OpenAiServerOptions} from './server.js'
import type {Core} from '../backend/contract/core.js'

export interface HttpOptions extends Omit<OpenAiServerOptions, 'apiKey' | 'loopbackOnly'> {
  /** 0 takes any free one. */
  port: number
  /** Name or address to listen on. Defaults to `127.0.0.1`. */
  host?: string | undefined
  /** File with the API key; without one `WNN_API_KEY` counts. */
  apiKeyFile?: string | undefined
  /** Defaults to this process's. */
  environment?: Readonly<Record<string, string | undefined>>
}

export interface HttpServer extends AsyncDisposable {
  readonly app: HttpApp
  /** As `http://127.0.0.1:8080`. */
  readonly url: string
  /** Lets running requests finish and accepts no new ones. */
  close: () => Promise<void>
  /** Ends running requests with 503, and after two seconds closes all remaining connections. */
  abort: () => void
}

/** Requests that have not ended by then are stuck. */
const abortMs = 2000

/**
 * Serves OpenAI's API on a TCP port.
 * @throws `security` for a host that others can reach without an API key, `invalid_argument` for a key that cannot be
 * used or an address that cannot be listened on.
 */
export async function listenHttp(backend: Core, options: HttpOptions): Promise<HttpServer> {
  const {port, host = '127.0.0.1', apiKeyFile, environment, ...others} = options
  const apiKey = readApiKey(apiKeyFile, environment)
  if (apiKey === undefined && !isLoopback(host)) {
    throw new NnError('security', `Other machines can reach ${host}, so it needs an API key.`, {
      hint: 'Set --api-key-file or WNN_API_KEY, or listen on 127.0.0.1.',
    })
  }
  // A page of another site can resolve its name to this server, but it has no key.
  const {app, inFlight} = openaiServer(backend, {...others, apiKey, loopbackOnly: apiKey === undefined})
  try {
    await app.listen({port, host})
  } catch (error) {
    await app.close()
    throw new NnError('invalid_argument', `Cannot listen on ${host}, port ${port}: ${whyNot(error)}`, {
      hint: 'Choose another port with --port; 0 takes any free one.',
      cause: error,
    })
  }
  const address = app.server.address() as AddressInfo
  const name = isIP(host) === 6 ? `[${host}]` : host
  const close = async (): Promise<void> => {
    await app.close()
  }
  const dispose = async (): Promise<void> => {
    abort()
    await close()
  }
  const abort = (): void => {
    inFlight.abort()
    const timer = setTimeout(() => app.server.closeAllConnections(), abortMs)
    app.server.once('close', () => clearTimeout(timer))
  }
  return {app, abort, url: `http://${name}:${address.port}`, close, [Symbol.asyncDispose]: dispose}
}

function whyNot(error: unknown): string {
  const {code, message} = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return 'the port is in use (EADDRINUSE).'
  if (code === 'EACCES') return 'this user may not use the port (EACCES).'
  return message
}
