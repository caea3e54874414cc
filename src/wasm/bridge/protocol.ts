import type {MessagePort} from 'node:worker_threads'
import type {NnReply, NnRequest} from '../abi/messages.js'
import type {WasmModule} from '../webassembly.js'

/** What a guest's thread asks of the host, one at a time. */
export type HostRequest =
  | {kind: 'nn'; request: NnRequest}
  /** Standard output (1) or standard error (2). */
  | {kind: 'write'; fd: 1 | 2; bytes: Uint8Array}
  /** At most `size` bytes of standard input; none at its end. */
  | {kind: 'read'; size: number}
  /** Waits for standard input, for a time in milliseconds, or for whichever comes first. */
  | {kind: 'poll'; stdin: boolean; timeoutMs?: number}

export type HostReply =
  {kind: 'nn'; reply: NnReply} | {kind: 'write'} | {kind: 'read'; bytes: Uint8Array} | {kind: 'poll'; stdin: boolean}

/** Requests and replies carry the number of the call, so that none is taken for another. */
export interface NumberedRequest {
  call: number
  request: HostRequest
}
export interface NumberedReply {
  call: number
  reply: HostReply
}

/** How the guest's program ended, from its thread. */
export type GuestEnd =
  | {kind: 'exit'; code: number}
  | {kind: 'trap'; message: string}
  /** The host's own code in the guest's thread failed. */
  | {kind: 'failure'; message: string}

export type ThreadMessage = NumberedRequest | {end: GuestEnd; memoryBytes: number}

/** What the guest's thread starts with. */
export interface ThreadStart {
  module: WasmModule
  /** Requests and replies. */
  port: MessagePort
  /** One 32-bit number: the last call that has its reply. */
  control: SharedArrayBuffer
  bridge: BridgeName
  /** The program's name and its arguments. */
  args: string[]
  env: Record<string, string>
  /** Host folders by their paths in the guest. */
  folders: Record<string, string>
}

/** What the process of a guest starts with: as its thread, but the module as bytes. */
export interface ProcessStart {
  start: Omit<ThreadStart, 'module' | 'port' | 'control'> & {bytes: Uint8Array; limitBytes: number; heapMb: number}
}

export type ProcessMessage = ThreadMessage
export type ProcessReply = NumberedReply

/** How a guest waits for the host: its thread sleeps, or JavaScript suspends the guest. */
export const bridgeNames = ['wait', 'suspend'] as const
export type BridgeName = (typeof bridgeNames)[number]
