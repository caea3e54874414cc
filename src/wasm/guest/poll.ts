import {GuestMemory} from '../abi/memory.js'
import type {ImportBody} from '../bridge/bridge.js'
import type {HostReply} from '../bridge/protocol.js'
import type {WasmMemory} from '../webassembly.js'
import {wasiErrno} from './wasi-functions.js'

/** Sizes and fields of WASI's structures for `poll_oneoff`. */
const subscriptionBytes = 48
const eventBytes = 32
const tags = {clock: 0, read: 1, write: 2} as const
const absolute = 1
const clocks = {realtime: 0} as const

/** More subscriptions are an error of the guest. */
const mostSubscriptions = 4096

interface Subscription {
  userdata: bigint
  tag: number
  /** When a clock's time is up, by `performance.now()`. */
  dueMs: number
  isReady: boolean
  isStdin: boolean
}

/**
 * Waiting for time or for files. node:wasi would block the thread in the system, where it cannot be ended. Files other
 * than standard input are always ready, as in POSIX.
 */
export function pollOneoff(memory: () => WasmMemory | undefined): ImportBody {
  return (subscriptionsAt = 0, eventsAt = 0, count = 0, countAt = 0) => {
    const own = memory()
    if (own === undefined) return wasiErrno.fault
    if (count >>> 0 === 0 || count >>> 0 > mostSubscriptions) return wasiErrno.invalid
    const guest = new GuestMemory(own)
    try {
      guest.check('events', eventsAt >>> 0, count * eventBytes)
      guest.check('count', countAt >>> 0, 4)
      const subscriptions = Array.from({length: count}, (_, index) =>
        readSubscription(guest, (subscriptionsAt >>> 0) + index * subscriptionBytes),
      )
      const finish = (reply?: HostReply): number => {
        const stdin = reply?.kind === 'poll' && reply.stdin
        const now = performance.now()
        const events = subscriptions.filter((one) => one.isReady || (one.isStdin ? stdin : one.dueMs <= now))
        events.forEach((one, index) => writeEvent(guest, (eventsAt >>> 0) + index * eventBytes, one))
        guest.writeU32('count', countAt >>> 0, events.length)
        return wasiErrno.success
      }
      if (subscriptions.some(({isReady}) => isReady)) return finish()
      const timeoutMs = Math.min(...subscriptions.map(({dueMs}) => dueMs)) - performance.now()
      const stdin = subscriptions.some(({isStdin}) => isStdin)
      return {
        request: {kind: 'poll', stdin, ...(timeoutMs < Infinity && {timeoutMs: Math.max(0, timeoutMs)})},
        finish,
      }
    } catch {
      return wasiErrno.fault
    }
  }
}

function readSubscription(guest: GuestMemory, address: number): Subscription {
  const bytes = guest.readBytes('subscription', address, subscriptionBytes)
  const view = new DataView(bytes.buffer)
  const tag = view.getUint8(8)
  const common = {userdata: view.getBigUint64(0, true), tag}
  if (tag !== tags.clock) {
    const isStdin = tag === tags.read && view.getUint32(16, true) === 0
    return {...common, dueMs: Infinity, isReady: !isStdin, isStdin}
  }
  const ms = Number(view.getBigUint64(24, true)) / 1e6
  const isAbsolute = (view.getUint16(40, true) & absolute) !== 0
  return {
    ...common,
    dueMs: performance.now() + ms - (isAbsolute ? clockMs(view.getUint32(16, true)) : 0),
    isReady: false,
    isStdin: false,
  }
}

/** The time of a guest's clock in milliseconds. */
function clockMs(clock: number): number {
  return clock === clocks.realtime ? Date.now() : Number(process.hrtime.bigint()) / 1e6
}

function writeEvent(guest: GuestMemory, address: number, {userdata, tag}: Subscription): void {
  const view = new DataView(new ArrayBuffer(eventBytes))
  view.setBigUint64(0, userdata, true)
  view.setUint8(10, tag)
  if (tag !== tags.clock) view.setBigUint64(16, 1n, true)
  guest.writeBytes('event', address, new Uint8Array(view.buffer))
}
