import {NnError} from '../../errors.js'
import {initCore, type InitOptions, type LocalCore} from '../../backend/index.js'
import {Client} from './client.js'
import {GraphNames} from './graph-names.js'

/** How long clients may read the rest of their answers when the daemon ends. */
const fetchMs = 1000

/** The backends and clients of a daemon. */
export class Hub {
  readonly clients = new Map<string, Client>()
  readonly names: GraphNames
  private stopping = false
  private released = false

  constructor(readonly shared: LocalCore) {
    this.names = new GraphNames(shared)
  }

  get isStopping(): boolean {
    return this.stopping
  }

  addClient(): Client {
    this.checkOpen()
    const client = new Client(this.shared)
    this.clients.set(client.id, client)
    return client
  }

  /** @throws `runtime_error` if the client has disconnected, as all have when the daemon has stopped. */
  client(id: string): Client {
    const client = this.clients.get(id)
    if (client !== undefined && !client.isGone) return client
    this.checkOpen()
    throw new NnError('client_unknown', 'The daemon does not know this client: its connection was lost.', {
      hint: 'The daemon may have been restarted in the meantime. Start the command again.',
    })
  }

  async addBackend(client: Client, options: Pick<InitOptions, 'config' | 'strict' | 'folder'>): Promise<string> {
    this.checkOpen()
    const backend = await initCore(options)
    if (!client.isGone) return client.addBackend(backend)
    await backend.deinit()
    throw new NnError('runtime_error', 'The client has disconnected.')
  }

  /** Resolves when everything of the client is closed. */
  async release(client: Client): Promise<void> {
    try {
      await client.release()
    } finally {
      this.clients.delete(client.id)
    }
  }

  abort(call: string): void {
    for (const client of this.clients.values()) {
      client.calls.get(call)?.abort.abort(new Error('The caller aborted the call.'))
    }
  }

  /** @throws `runtime_error` if the daemon is stopping. */
  checkOpen(): void {
    if (this.stopping) throw isStopping()
  }

  /**
   * The error for a client: while the daemon stops, failures are not the client's mistake, whatever the original error
   * is.
   */
  failure(error: unknown): unknown {
    return this.released ? isStopping() : error
  }

  /** From now on no new call starts. */
  close(): void {
    this.stopping = true
  }

  /** Waits for running calls; aborts them when the signal is aborted. */
  async drain(signal: AbortSignal): Promise<void> {
    const abort = (): void => {
      for (const client of this.clients.values()) client.abortCalls()
    }
    signal.addEventListener('abort', abort, {once: true})
    if (signal.aborted) abort()
    const busy = [...this.clients.values()].filter(({calls}) => calls.size > 0)
    try {
      await Promise.all(busy.map((client) => client.settled()))
      if (busy.length > 0) await this.fetched(busy)
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.released = true
    try {
      await Promise.all([...this.clients.values()].map((client) => this.release(client)))
    } finally {
      await this.shared[Symbol.asyncDispose]()
    }
  }

  /** Clients read their last answers, then disconnect or get errors. */
  private async fetched(clients: readonly Client[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, fetchMs)))
    await Promise.race([late, Promise.all(clients.map((client) => client.left))])
    clearTimeout(timer)
  }
}

function isStopping(): NnError {
  return new NnError('daemon_stopping', 'The daemon is stopping.', {hint: 'Start it again after it has ended.'})
}
