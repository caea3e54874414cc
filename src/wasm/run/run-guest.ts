import type {Readable} from 'node:stream'
import {bestBridge} from '../bridge/open-bridge.js'
import type {BridgeName, GuestEnd, HostReply, HostRequest} from '../bridge/protocol.js'
import {GuestHost, type GuestHostOptions} from '../host/guest-host.js'
import type {NnBackend} from '../host/nn-backend.js'
import {resolveIn, type GuestFolders} from './guest-folders.js'
import {GuestInput} from './guest-input.js'
import {GuestProcess} from './guest-process.js'
import {GuestServices, type GuestOutput, type Stop} from './guest-services.js'
import {GuestThread, type ThreadEnd} from './guest-thread.js'
import type {Guest} from './read-guest.js'

export interface RunGuestOptions extends Pick<GuestHostOptions, 'preloads' | 'config' | 'pool' | 'onCall'> {
  backend: NnBackend
  guest: Guest
  /** The program's name and its arguments. */
  args: readonly string[]
  /** The whole environment of the guest. Defaults to none. */
  env?: Readonly<Record<string, string>>
  /** Defaults to none. */
  folders?: GuestFolders
  stdin: Readable
  stdout: GuestOutput
  stderr: GuestOutput
  /** In milliseconds; 0 is no limit. Defaults to 0. */
  timeoutMs?: number
  /** Of standard output and error together; 0 is no limit. Defaults to 0. */
  maxOutputBytes?: number
  /** Defaults to the best one that this Node.js has. */
  bridge?: BridgeName
  /** A process for the guest, instead of a thread. It can be ended in any state. Defaults to `false`. */
  isolate?: boolean
  signal?: AbortSignal
}

/** How a guest ended: on its own, or because the host ended it. */
export type GuestResult = (GuestEnd | {kind: 'stopped'; why: Stop}) & {
  /** Size of the guest's memory at its end. Unknown for a guest that the host ended. */
  memoryBytes: number | undefined
  durationMs: number
  /** Whether its thread is gone. A system call can keep it. */
  isGone: boolean
}

/** Size of JavaScript's heap in the thread of a guest, in MiB. Its memory is not part of it. */
const heapMb = 256

/** Runs a guest in a thread of its own. Whatever it did, its thread, its graphs and its contexts are gone afterwards. */
export async function runGuest(options: RunGuestOptions): Promise<GuestResult> {
  const startMs = performance.now()
  const over = new AbortController()
  const stopping = new AbortController()
  const stop = (why: Stop): void => stopping.abort(why)
  const {backend, stdout, stderr, folders = {}} = options
  const host: GuestHost = new GuestHost(backend, {
    ...pick(options),
    resolvePath: (path) => resolveIn(folders, path),
    onText: (text) => services.write(1, Buffer.from(text)),
    signal: over.signal,
  })
  using input = new GuestInput(options.stdin)
  const maxOutputBytes = options.maxOutputBytes || Infinity
  const services: GuestServices = new GuestServices({
    host,
    input,
    stdout,
    stderr,
    maxOutputBytes,
    stop,
    signal: over.signal,
  })
  const thread = begin(options, (request) => services.answer(request))
  const stopped = stopBy(stopping.signal)
  const interrupt = (): void => stop('interrupted')
  const timer = options.timeoutMs ? setTimeout(() => stop('timeout'), options.timeoutMs) : undefined
  options.signal?.addEventListener('abort', interrupt, {once: true})
  if (options.signal?.aborted === true) interrupt()
  let isGone = false
  try {
    const end = await Promise.race([thread.ended, stopped])
    return {...resultOf(end), durationMs: performance.now() - startMs, isGone: (isGone = await thread.stop())}
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', interrupt)
    over.abort()
    if (!isGone) await thread.stop()
    await host.dispose()
  }
}

function begin(
  {guest, args, env = {}, folders = {}, bridge = bestBridge(), isolate = false}: RunGuestOptions,
  answer: (request: HostRequest) => Promise<HostReply>,
): GuestThread | GuestProcess {
  const start = {bridge, heapMb, args: [...args], env: {...env}, folders: {...folders}}
  if (!isolate) return new GuestThread({...start, module: guest.module, answer})
  return new GuestProcess({start: {...start, bytes: guest.bytes, limitBytes: guest.limitBytes}, answer})
}

function stopBy(signal: AbortSignal): Promise<Stop> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason as Stop), {once: true}))
}

function resultOf(end: ThreadEnd | Stop) {
  if (typeof end === 'string') return {kind: 'stopped', why: end, memoryBytes: undefined} as const
  return {...end.end, memoryBytes: end.memoryBytes}
}

function pick({preloads, config, pool, onCall}: RunGuestOptions): GuestHostOptions {
  return {
    ...(preloads !== undefined && {preloads}),
    ...(config !== undefined && {config}),
    ...(pool !== undefined && {pool}),
    ...(onCall !== undefined && {onCall}),
  }
}
