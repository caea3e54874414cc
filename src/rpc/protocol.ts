import type {Backend, Embedder} from '../backend/contract/backend.js'
import type {WireError} from '../errors.js'
import type {LocalBackend} from '../backend/index.js'

/** What a daemon's backend can be asked: the contract, embeddings, and what the chat needs to go on with a conversation. */
export interface RemoteMethods extends Omit<Backend, typeof Symbol.asyncDispose>, Embedder {
  history: (...args: Parameters<LocalBackend['history']>) => Promise<ReturnType<LocalBackend['history']>>
}

export type MethodName = keyof RemoteMethods

/** What is special about a method's arguments when they go to another process. */
export interface MethodShape {
  /** Position of the caller's buffer: its size goes there, its content comes back. */
  buffer?: number
  /** Position of the options with the caller's signal and callbacks. */
  options?: number
  /** Whether it makes work or handles: a daemon that is about to end refuses it. */
  starts?: true
}

/** Every method that can be called from another process; both sides go by this table. */
export const methods: Readonly<Record<MethodName, MethodShape>> = {
  load: {options: 3, starts: true},
  loadByName: {options: 1, starts: true},
  loadByNameWithConfig: {options: 2, starts: true},
  initExecutionContext: {starts: true},
  initExecutionContextWithSessionId: {starts: true},
  switchGraph: {options: 3, starts: true},
  setInput: {},
  compute: {options: 1, starts: true},
  getOutput: {buffer: 2},
  computeSingle: {options: 1, starts: true},
  getOutputSingle: {buffer: 2},
  finiSingle: {},
  runInference: {buffer: 3, options: 5, starts: true},
  embed: {options: 2, starts: true},
  closeExecutionContext: {},
  unload: {},
  getBackendStatus: {buffer: 1},
  status: {},
  history: {},
  deinit: {},
}

/** Options whose functions are called back with what happens meanwhile. */
export const eventNames = ['onText', 'onProgress', 'onPhase'] as const
export type EventName = (typeof eventNames)[number]

/** A call as it goes to the daemon. */
export interface CallRequest {
  /** The client's lease. */
  client: string
  /** Chosen by the client, so that it can abort the call before it hears of it. */
  call: string
  args: unknown[]
  /** Whether the caller's signal was aborted from the start. */
  aborted?: boolean
}

/** A line of the answer: events, then one of the other two. */
export type CallLine =
  | {event: EventName; args: unknown[]}
  | {result?: unknown; buffer?: unknown}
  | {
      error: WireError
      /** Whether the call ended with its own signal's reason, as a load does. */
      aborted?: boolean
    }
