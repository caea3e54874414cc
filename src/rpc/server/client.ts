import {randomUUID} from 'node:crypto'
import type {ContextId} from '../../backend/contract/types.js'
import {NnError} from '../../errors.js'
import type {LocalCore} from '../../backend/index.js'

/** A call that runs for a client. */
export interface RunningCall {
  abort: AbortController
  ended: Promise<void>
}

/** What one client has in the daemon. It goes with the client. */
export class Client {
  readonly id = randomUUID()
  readonly calls = new Map<string, RunningCall>()
  /** Backends of its own. */
  readonly backends = new Map<string, LocalCore>()
  /** Open contexts of the shared backend. */
  readonly contexts = new Set<ContextId>()
  /** Resolves when it begins to leave. */
  readonly left: Promise<void>
  private leave: () => void = () => undefined
  private releasing: Promise<void> | undefined

  constructor(private readonly shared: LocalCore) {
    this.left = new Promise((resolve) => (this.leave = resolve))
  }

  get isGone(): boolean {
    return this.releasing !== undefined
  }

  addBackend(backend: LocalCore): string {
    const id = randomUUID()
    this.backends.set(id, backend)
    return id
  }

  /** Ends answers where they are. */
  abortCalls(): void {
    // Not an `NnError`: with one the backend would take it for a failure, and the answer so far would not count.
    for (const {abort} of this.calls.values()) abort.abort(new Error('The call was aborted.'))
  }

  async settled(): Promise<void> {
    await Promise.all([...this.calls.values()].map(({ended}) => ended))
  }

  /** Ends its calls, and closes what it has opened. */
  release(): Promise<void> {
    this.releasing ??= this.close()
    return this.releasing
  }

  /** Closes a context that came too late for whoever asked for it. */
  async closeContext(context: ContextId): Promise<void> {
    this.contexts.delete(context)
    await this.shared.close(context).catch(unlessClosed)
  }

  private async close(): Promise<void> {
    this.leave()
    this.abortCalls()
    await this.settled()
    await Promise.all([...this.contexts].map((context) => this.closeContext(context)))
    await Promise.all([...this.backends.values()].map((backend) => backend[Symbol.asyncDispose]()))
    this.backends.clear()
  }
}

/** Its graph may have been unloaded by somebody else, or the backend released. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof NnError) || !['context_closed', 'backend_released'].includes(error.reason)) throw error
}
