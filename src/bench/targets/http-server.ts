import {NnError} from '../../errors.js'
import {sanitizeLine} from '../../terminal/sanitize.js'

/** A server that speaks OpenAI's API. */
export interface Server {
  /** Base URL, including `/v1`. */
  base: string
  /** Sent as a bearer token. */
  apiKey: string | undefined
}

/**
 * Parses `--url`: `http://host:8080`, with or without `/v1`, followed by `#` and the model if the server has several.
 *
 * @throws `invalid_argument` if it is not such a URL
 */
export function parseUrl(text: string): {base: string; model: string | undefined} {
  const wrong = (why: string): NnError =>
    new NnError('invalid_argument', `--url ${text}: ${why}`, {hint: 'Example: --url http://127.0.0.1:8080#model-name'})
  if (!URL.canParse(text)) throw wrong('this is not a URL.')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong('only http and https are supported.')
  if (url.username !== '' || url.password !== '') throw wrong('put the key into --api-key-file, not into the URL.')
  if (url.search !== '') throw wrong('it cannot have a query. Put a key into --api-key-file.')
  const model = decodeURIComponent(url.hash.slice(1))
  const folder = url.pathname.replace(/\/+$/, '')
  const base = `${url.origin}${folder.endsWith('/v1') ? folder : `${folder}/v1`}`
  return {base, model: model === '' ? undefined : model}
}

/**
 * Sends a request. Retries once if the server closed a reused connection (RFC 9112, 9.3.1).
 *
 * @throws `not_running` if nothing answers, `runtime_error` for an error response
 */
export async function request(
  {base, apiKey}: Server,
  path: string,
  {body, signal}: {body?: object; signal: AbortSignal},
): Promise<Response> {
  let response: Response
  try {
    response = await fetchAgain(base + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body !== undefined && {'content-type': 'application/json'}),
        ...(apiKey !== undefined && {authorization: `Bearer ${apiKey}`}),
      },
      ...(body !== undefined && {body: JSON.stringify(body)}),
      signal,
    })
  } catch (error) {
    signal.throwIfAborted()
    throw unreachable(base, error as Error)
  }
  if (response.ok) return response
  const said = reasonIn(await response.text())
  throw new RefusedError(
    response.status,
    `${base}${path} answered ${response.status}${said === '' ? '.' : `: ${said}`}`,
  )
}

async function fetchAgain(url: string, init: RequestInit): Promise<Response> {
  for (;;) {
    try {
      return await fetch(url, init)
    } catch (error) {
      if (!wasKept(error)) throw error
    }
  }
}

/** A reused connection was closed before any of the response arrived. */
function wasKept(error: unknown): boolean {
  const {cause} = error as {cause?: {code?: string; socket?: {bytesRead?: number}}}
  return cause?.code === 'UND_ERR_SOCKET' && (cause.socket?.bytesRead ?? 0) > 0
}

function unreachable(base: string, error: Error): NnError {
  const {code, message} = (error.cause ?? error) as NodeJS.ErrnoException
  // Messages of OpenSSL have more lines, about its own source files.
  const reason = message === '' ? (code ?? 'unknown') : (message.split('\n')[0] ?? message)
  if (code !== 'ECONNREFUSED' && code !== 'ENOTFOUND') {
    return new NnError('runtime_error', `${base} did not answer: ${reason}`, {cause: error})
  }
  return new NnError('not_running', `No server answers at ${base}: ${reason}`, {
    cause: error,
    hint: 'Start it first. Example: wnn serve --port 8080 --model model.gguf',
  })
}

/** The message of an error in OpenAI's format, otherwise the start of the response. */
function reasonIn(text: string): string {
  try {
    const {error} = (JSON.parse(text) ?? {}) as {error?: {message?: unknown} | string | null}
    const message = typeof error === 'object' ? error?.message : error
    if (typeof message === 'string') return sanitizeLine(message)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return sanitizeLine(text.slice(0, 300)).trim()
}

/** An answer that is an error. */
export class RefusedError extends NnError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super('runtime_error', message, status === 401 || status === 403 ? {hint: 'Pass its key with --api-key-file.'} : {})
  }
}
