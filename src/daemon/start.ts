import {setMaxListeners} from 'node:events'
import path from 'node:path'
import {initCore, type LocalCore} from '../backend/index.js'
import {Hub} from '../rpc/server/hub.js'
import {makeOwnFolder} from '../system/own-folder.js'
import {SocketServer} from './server.js'
import type {DaemonStatus} from '../rpc/daemon-status.js'

/** Another way for requests to reach the daemon's backend, such as HTTP on a port. */
export interface Intake {
  /** Accepts no new requests; resolves when those in flight are answered. */
  close(): Promise<void>
  /** Aborts the requests in flight. */
  abort(): void
}

export interface DaemonOptions {
  /** Path of the socket. Its folder belongs to this user alone, or does not exist yet. */
  socket: string
  version: string
  /** As for `initCore`; checked strictly. Defaults to the defaults. */
  config?: string | object
  configFile?: string
  /** Folder for histories. Defaults to none: they are lost with the daemon. */
  stateDir?: string
  /** How long calls in flight may continue when it stops, in milliseconds. Defaults to `30000`. */
  drainTimeoutMs?: number
  /** Other ways for requests to reach its backend. Defaults to none. */
  intakes?: readonly ((backend: LocalCore) => Promise<Intake>)[]
}

export interface Daemon {
  /** The socket's path. */
  address: string
  /** The backend that its clients share. */
  backend: LocalCore
  /** Resolves when it has stopped, for whatever reason. */
  ended: Promise<void>
  /** Whether it was asked to stop. */
  isStopping: () => boolean
  /** Stops it. Calls in flight may continue until the drain timeout; with `now` they are aborted. */
  stop(how?: {now?: boolean}): Promise<void>
}

/**
 * Starts a daemon in this process.
 *
 * @throws `invalid_argument` when another one has the socket, or for a configuration or state folder that cannot be
 * used; `security` for a socket in a folder that others may use.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const {version, drainTimeoutMs = 30_000, intakes = []} = options
  const socket = path.resolve(options.socket)
  const startedAt = performance.now()
  makeOwnFolder(socket)
  const server = await SocketServer.bind(socket)
  const open: Intake[] = []
  let hub: Hub | undefined
  try {
    const {config, configFile, stateDir} = options
    const backend = await initCore({
      ...{strict: true, ...(config !== undefined && {config})},
      ...(configFile !== undefined && {configFile}),
      ...(stateDir !== undefined && {stateDir}),
    })
    hub = new Hub(backend)
    for (const openIntake of intakes) open.push(await openIntake(backend))
    const ending = new Ending(hub, server, open, drainTimeoutMs)
    const describe = describer(hub, {socket, version, startedAt})
    await server.serve({
      hub,
      describe,
      stop: (now, connection) => {
        server.keepToTheEnd(connection)
        void ending.begin(now)
      },
    })
    return {
      address: socket,
      backend,
      ended: ending.ended,
      isStopping: () => ending.isRunning,
      stop: ({now = false} = {}) => ending.begin(now),
    }
  } catch (error) {
    for (const intake of open) intake.abort()
    await hub?.[Symbol.asyncDispose]()
    server.close()
    throw error
  }
}

function describer(
  hub: Hub,
  {socket, version, startedAt}: {socket: string; version: string; startedAt: number},
): () => DaemonStatus {
  return () => ({
    ...{pid: process.pid, socket, version, uptime_ms: performance.now() - startedAt},
    state: hub.isStopping ? 'stopping' : 'running',
    clients: hub.clients.size,
    calls: [...hub.clients.values()].reduce((sum, {calls}) => sum + calls.size, 0),
  })
}

/** The order of stopping: intakes, calls, contexts, models, logs, and last the socket. */
class Ending {
  readonly ended: Promise<void>
  private readonly now = new AbortController()
  private running: Promise<void> | undefined
  private resolveEnded: (result: Promise<void>) => void = () => undefined

  constructor(
    private readonly hub: Hub,
    private readonly server: SocketServer,
    private readonly intakes: readonly Intake[],
    private readonly limitMs: number,
  ) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve))
    // Each waiting client adds a listener.
    setMaxListeners(0, this.now.signal)
  }

  get isRunning(): boolean {
    return this.running !== undefined
  }

  /** The first call starts the stop; a later call with `now` ends the wait. */
  begin(now: boolean): Promise<void> {
    if (this.running === undefined) {
      this.running = this.end()
      this.resolveEnded(this.running)
    }
    if (now) this.now.abort()
    return this.running
  }

  private async end(): Promise<void> {
    const timer = setTimeout(() => this.now.abort(), this.limitMs)
    this.now.signal.addEventListener('abort', () => {
      for (const intake of this.intakes) intake.abort()
    })
    try {
      this.hub.close()
      await Promise.all([this.hub.drain(this.now.signal), ...this.intakes.map((intake) => intake.close())])
    } finally {
      clearTimeout(timer)
      await this.hub[Symbol.asyncDispose]().finally(() => this.server.close())
    }
  }
}
