import type {Core} from '../backend/contract/core.js'
import type {WireError} from '../errors.js'

/** The interface of a backend in a daemon: the typed core. */
export type RemoteMethods = Omit<Core, typeof Symbol.asyncDispose>

export type MethodName = keyof RemoteMethods

/** What is special about a method when it is called from another process. */
export interface MethodShape {
  /** Position of the options with the caller's signal and callbacks. */
  options?: number
  /** Whether it creates work or handles; a stopping daemon rejects it. */
  starts?: true
}

/** Every method that can be called from another process; both sides use this table. */
export const methods: Readonly<Record<MethodName, MethodShape>> = {
  load: {options: 1, starts: true},
  switchModel: {options: 2, starts: true},
  unload: {},
  graphs: {},
  open: {starts: true},
  close: {},
  check: {},
  history: {},
  answer: {options: 2, starts: true},
  step: {options: 2, starts: true},
  endSteps: {},
  count: {},
  render: {},
  tokenize: {},
  detokenize: {},
  readOptions: {},
  embed: {options: 2, starts: true},
  status: {},
  deinit: {},
}

/** Options with callbacks for events. */
export const eventNames = ['onText', 'onProgress', 'onPhase'] as const
export type EventName = (typeof eventNames)[number]

/** A call as it goes to the daemon. */
export interface CallRequest {
  /** The client's lease. */
  client: string
  /** Chosen by the client, so that it can abort the call before the first response. */
  call: string
  args: unknown[]
  /** Whether the caller's signal was aborted from the start. */
  aborted?: boolean
}

/** A line of the response: events, then one of the other two. */
export type CallLine =
  | {event: EventName; args: unknown[]}
  | {result?: unknown}
  | {
      error: WireError
      /** Whether the call ended with its own signal's reason, as a load does. */
      aborted?: boolean
    }
