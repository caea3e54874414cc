import type {IncomingMessage} from 'node:http'
import type {DaemonConnection} from './connection.js'
import {fromWire, type WireError} from '../../errors.js'
import {isDaemonGone} from './is-daemon-gone.js'

/** The greeting of a daemon to a new client. */
export interface Greeting {
  client: string
  /** Of the daemon. */
  pid: number
  /** Folder of its temporary files. */
  temporaryFolder: string
}

/**
 * A request that stays open. When its connection closes, the daemon closes what the client opened: contexts, private
 * backends and running calls.
 */
export class Lease {
  private constructor(
    readonly greeting: Greeting,
    private readonly connection: DaemonConnection,
    private readonly response: IncomingMessage,
  ) {}

  static async open(connection: DaemonConnection): Promise<Lease> {
    const response = await connection.send('POST', '/rpc/clients')
    const first = await firstLine(response).catch((error: unknown) => {
      throw connection.explain(error)
    })
    const greeting = JSON.parse(first) as Greeting & {error?: WireError}
    if (greeting.error !== undefined) throw fromWire(greeting.error)
    // Calls detect a daemon that is gone. The lease does not keep the process alive.
    response.on('error', () => undefined)
    response.socket.unref()
    return new Lease(greeting, connection, response)
  }

  get client(): string {
    return this.greeting.client
  }

  /** Resolves when the daemon has closed everything of this client. */
  async end(): Promise<void> {
    try {
      await this.connection.json('DELETE', `/rpc/clients/${this.client}`)
    } catch (error) {
      // A daemon that is gone has nothing open.
      if (!isDaemonGone(error)) throw error
    } finally {
      this.response.destroy()
    }
  }
}

/** The first line of a stream; ignores the rest. */
function firstLine(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let start = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      start += text
      const end = start.indexOf('\n')
      if (end !== -1) resolve(start.slice(0, end))
    })
    response.once('error', reject)
    response.once('end', () => reject(new Error('it did not identify itself.')))
  })
}
