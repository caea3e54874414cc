import type {MessagePort} from 'node:worker_threads'
import {WebAssembly, type WasmInstance} from '../webassembly.js'
import type {Bridge, ImportBody} from './bridge.js'
import type {HostReply, HostRequest, NumberedReply, NumberedRequest} from './protocol.js'

/** JavaScript suspends the guest until the host has answered (JSPI). The thread stays free. */
export class SuspendBridge implements Bridge {
  private calls = 0
  private readonly waiting = new Map<number, (reply: HostReply) => void>()

  constructor(private readonly port: MessagePort) {
    port.on('message', ({call, reply}: NumberedReply) => {
      this.waiting.get(call)?.(reply)
      this.waiting.delete(call)
    })
  }

  wrap(body: ImportBody): unknown {
    const {Suspending} = WebAssembly
    if (Suspending === undefined) throw new Error('This Node.js cannot suspend a guest.')
    return new Suspending(async (...args: number[]) => {
      const result = body(...args)
      return typeof result === 'number' ? result : result.finish(await this.ask(result.request))
    })
  }

  async run({exports}: WasmInstance, name: string): Promise<void> {
    const start = exports[name] as () => void
    await WebAssembly.promising?.(start)()
  }

  private ask(request: HostRequest): Promise<HostReply> {
    const message: NumberedRequest = {call: ++this.calls, request}
    return new Promise((resolve) => {
      this.waiting.set(message.call, resolve)
      this.port.postMessage(message)
    })
  }
}
