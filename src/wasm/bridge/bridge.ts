import type {WasmInstance} from '../webassembly.js'
import type {HostReply, HostRequest} from './protocol.js'

/** A call of the guest that the host answers: what is asked, and how the answer becomes the function's result. */
export interface HostCall {
  request: HostRequest
  finish: (reply: HostReply) => number
}

/** The result of an import if it needs no answer, else the call. */
export type ImportBody = (...args: number[]) => number | HostCall

/** How the synchronous calls of a guest get answers from the asynchronous host. */
export interface Bridge {
  /** The import for a function that may ask the host. */
  wrap(body: ImportBody): unknown
  /** Runs an exported function until the guest ends. `runNow` calls it without leaving the thread. */
  run(instance: WasmInstance, name: string, runNow: () => void): Promise<void>
}
