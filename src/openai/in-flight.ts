import type {ServerResponse} from 'node:http'
import {serverClosing} from './api-error.js'

/** Running requests, so that closing the server can wait for or end them. */
export class InFlight {
  private readonly controllers = new Set<AbortController>()
  private waiting: (() => void)[] = []
  /** Accepts no new requests. */
  closing = false

  /** Counted until its response is sent or its connection closed. */
  add(controller: AbortController, response: ServerResponse): void {
    this.controllers.add(controller)
    response.once('close', () => {
      this.controllers.delete(controller)
      if (this.controllers.size === 0) for (const tell of this.waiting.splice(0)) tell()
    })
  }

  /** Resolves when there is none. */
  async ended(): Promise<void> {
    while (this.controllers.size > 0) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  /** Ends them all with 503. */
  abort(): void {
    for (const controller of this.controllers) controller.abort(serverClosing())
  }

  /** @throws if the server is closing. */
  check(): void {
    if (this.closing) throw serverClosing()
  }
}
