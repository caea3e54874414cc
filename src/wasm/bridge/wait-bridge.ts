import {receiveMessageOnPort, type MessagePort} from 'node:worker_threads'
import type {Bridge, ImportBody} from './bridge.js'
import type {HostReply, HostRequest, NumberedReply, NumberedRequest} from './protocol.js'

/** The guest's thread sleeps until the host has answered. Works in every version of Node.js. */
export class WaitBridge implements Bridge {
  private calls = 0

  constructor(
    private readonly port: MessagePort,
    /** The number of the last call that was answered. A flag would be set by the answer to an earlier call. */
    private readonly answered: Int32Array,
  ) {}

  wrap(body: ImportBody): unknown {
    return (...args: number[]) => {
      const result = body(...args)
      return typeof result === 'number' ? result : result.finish(this.ask(result.request))
    }
  }

  run(_instance: unknown, _name: string, runNow: () => void): Promise<void> {
    runNow()
    return Promise.resolve()
  }

  private ask(request: HostRequest): HostReply {
    const call = (this.calls = (this.calls + 1) | 0)
    const message: NumberedRequest = {call, request}
    this.port.postMessage(message)
    for (;;) {
      const seen = Atomics.load(this.answered, 0)
      if (seen === call) break
      Atomics.wait(this.answered, 0, seen)
    }
    const received = receiveMessageOnPort(this.port) as {message: NumberedReply} | undefined
    if (received?.message.call !== call) throw new Error(`The answer to call ${call} is missing.`)
    return received.message.reply
  }
}
