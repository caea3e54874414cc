import type {IncomingMessage} from 'node:http'
import type {DaemonConnection} from './connection.js'
import {fromWire, type WireError} from '../../errors.js'
import {isDaemonGone} from './is-daemon-gone.js'

/** What a daemon says of itself to a new client. */
export interface Greeting {
  client: string
  /** Of the daemon. */
  pid: number
  /** Folder of its temporary files. */
  temporaryFolder: string
}

/**
 * A request that stays open. With its connection goes what the client has opened in the daemon: contexts, backends of
 * its own, calls that run.
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
    // Calls hear of a daemon that is gone. Whoever has nothing else to do ends, lease or not.
    response.on('error', () => undefined)
    response.socket.unref()
    return new Lease(greeting, connection, response)
  }

  get client(): string {
    return this.greeting.client
  }

  /** Resolves when the daemon has closed what this client had open. */
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

/** The first line of a stream whose rest is of no interest. */
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
