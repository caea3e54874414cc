import OpenAI from 'openai'
import {listenHttp, type HttpOptions, type HttpServer} from '../../../src/openai/index.js'
import {openBackend, type Opened} from '../../support/fixtures.js'
import type {Suite} from '../../support/suite.js'

export interface Served extends Opened {
  http: HttpServer
  client: OpenAI
  /** What the server has logged, one text a line. */
  log: string[]
  close: () => Promise<void>
}

export interface ServeOptions extends Partial<HttpOptions> {
  config?: object
  /** The key that the client sends. */
  clientKey?: string
}

/** The tiny model behind HTTP on a free port, and the official client for it. */
export async function serve({config = {}, clientKey = 'none', ...options}: ServeOptions = {}): Promise<Served> {
  const opened = await openBackend(config, {})
  const log: string[] = []
  try {
    const http = await listenHttp(opened.backend.core, {
      ...{port: 0, environment: {}, log: (level, message) => void log.push(`${level}: ${message}`)},
      ...options,
    })
    const client = new OpenAI({baseURL: `${http.url}/v1`, apiKey: clientKey, maxRetries: 0})
    const close = async (): Promise<void> => {
      await http[Symbol.asyncDispose]()
      await opened.backend.deinit()
    }
    return {...opened, http, client, log, close}
  } catch (error) {
    await opened.backend.deinit()
    throw error
  }
}

/** A server for all tests of a file. */
export function sharedServer(test: Suite, options: ServeOptions = {}): () => Served {
  let served: Served | undefined
  test.before(async () => {
    served = await serve(options)
  })
  test.after(() => served?.close())
  return () => {
    if (served === undefined) throw new Error('The server is not open outside of tests.')
    return served
  }
}

/** Waits until that holds; what it asks lets time pass. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

/** What a failing call of the official client says. */
export async function failure(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await call
  } catch (error) {
    if (error instanceof OpenAI.APIError) return error
    throw error
  }
  throw new Error('The call succeeded.')
}
