import type {ServerResponse} from 'node:http'
import {serverClosing} from './api-error.js'

/** Requests that compute: who closes the server waits for them, or ends them. */
export class InFlight {
  private readonly controllers = new Set<AbortController>()
  private waiting: (() => void)[] = []
  /** Nothing new is taken. */
  closing = false

  /** Until its response is with the system, or its connection is gone. */
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

  /** @throws once the server is about to close. */
  check(): void {
    if (this.closing) throw serverClosing()
  }
}
