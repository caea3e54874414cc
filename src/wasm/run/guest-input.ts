import {once} from 'node:events'
import type {Readable} from 'node:stream'

/** Standard input for a guest: nothing is read before the guest asks. */
export class GuestInput implements Disposable {
  private rest: Buffer = Buffer.alloc(0)

  constructor(private readonly stream: Readable) {}

  /** At most `size` bytes, as soon as there are any; none at the end. */
  async read(size: number, signal: AbortSignal): Promise<Uint8Array> {
    await this.ready(signal)
    const part = this.rest.subarray(0, size)
    this.rest = this.rest.subarray(part.length)
    return part
  }

  /** Resolves when there is something to read, or the end. */
  async ready(signal: AbortSignal): Promise<void> {
    while (this.rest.length === 0) {
      const chunk = this.stream.read() as Buffer | string | null
      if (chunk !== null) this.rest = Buffer.from(chunk as Buffer)
      else if (this.stream.readableEnded || this.stream.destroyed) return
      else await this.change(signal)
    }
  }

  [Symbol.dispose](): void {
    this.stream.destroy()
  }

  private async change(signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    try {
      await Promise.race(['readable', 'end', 'close'].map((event) => once(this.stream, event, {signal: either})))
    } finally {
      over.abort()
    }
  }
}
