import {randomUUID} from 'node:crypto'
import type {ContextId} from '../../backend/contract/types.js'
import {NnError} from '../../errors.js'
import type {LocalCore} from '../../backend/index.js'

/** A call that runs for a client. */
export interface RunningCall {
  abort: AbortController
  ended: Promise<void>
}

/** Everything of one client in the daemon. Closed when the client disconnects. */
export class Client {
  readonly id = randomUUID()
  readonly calls = new Map<string, RunningCall>()
  /** Its private backends. */
  readonly backends = new Map<string, LocalCore>()
  /** Open contexts of the shared backend. */
  readonly contexts = new Set<ContextId>()
  /** Resolves when it starts to disconnect. */
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

  /** Ends running answers with the text so far. */
  abortCalls(): void {
    // Not an `NnError`, which the backend would treat as a failure and drop the answer so far.
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

  /** Closes a context that was opened after its caller left. */
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

/** Another client may have unloaded its graph, or the backend was released. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof NnError) || !['context_closed', 'backend_released'].includes(error.reason)) throw error
}
