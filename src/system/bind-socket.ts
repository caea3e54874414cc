import {linkSync, lstatSync, renameSync, rmSync, type BigIntStats} from 'node:fs'
import {randomUUID} from 'node:crypto'
import net from 'node:net'
import {isMainThread} from 'node:worker_threads'
import {connectSocket, isLong, withAddress} from './connect-socket.js'
import {NnError} from '../errors.js'

/** How often a name that others take and leave is tried. */
const attempts = 10

/** A socket that listens; it does not keep the process alive. Disposing closes it and removes its file. */
export interface BoundSocket extends AsyncDisposable {
  readonly server: net.Server
}

/**
 * Binds a unix socket that its owner alone may connect to. A bound socket ends with its process, however that ends, so
 * that it tells the truth where a pid file may lie: one that nobody listens on is taken over. The path may be longer
 * than an address; its folder has to exist.
 *
 * @throws `invalid_argument` when somebody listens there, when the file is no socket, and when it cannot be bound.
 */
export async function bindSocket(
  file: string,
  onConnection: (connection: net.Socket) => void,
  /** Who it is that would be in the way, for the error. */
  taken = `${file} is in use by another process.`,
): Promise<BoundSocket> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const server = await listen(file, onConnection)
    if (server !== undefined) return bound(server, file)
    const found = lstatSync(file, {bigint: true, throwIfNoEntry: false})
    if (found === undefined) continue
    if (!found.isSocket()) {
      throw new NnError('file_exists', `${file} exists and is not a socket; it was not changed.`)
    }
    if (await isListening(file)) break
    if (!removeStale(file, found)) break
  }
  throw new NnError('invalid_argument', taken)
}

function bound(server: net.Server, file: string): BoundSocket {
  server.unref()
  return {
    server,
    [Symbol.asyncDispose]: async () => {
      // libuv removes the file by its address, which for a long path is gone; before it closes, so that it never looks
      // stale.
      if (isLong(file)) rmSync(file, {force: true})
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** `undefined` when the name is taken. */
function listen(file: string, onConnection: (connection: net.Socket) => void): Promise<net.Server | undefined> {
  return withAddress(file, async (address) => {
    const server = net.createServer(onConnection)
    const listening = new Promise<net.Server | undefined>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(undefined)
        else reject(new NnError('invalid_argument', `${file} cannot be bound: ${error.message}`, {cause: error}))
      })
      server.once('listening', () => resolve(server))
    })
    asOwner(() => server.listen(address))
    return await listening
  })
}

/** Node binds within the call: no moment passes in which others could connect. Threads share the mask and cannot set it. */
function asOwner(bind: () => void): void {
  const mask = isMainThread ? process.umask(0o177) : undefined
  try {
    bind()
  } finally {
    if (mask !== undefined) process.umask(mask)
  }
}

async function isListening(file: string): Promise<boolean> {
  try {
    const connection = await connectSocket(file)
    connection.destroy()
    return true
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false
    // More connections wait than it has room for.
    if (code === 'EAGAIN') return true
    throw new NnError('invalid_argument', `${file} cannot be connected to: ${message}`, {cause: error})
  }
}

/**
 * Removes the socket that nobody listened on, unless another process has done so and bound its own in the meantime:
 * that one is put back, and the answer is `false`.
 */
function removeStale(file: string, stale: BigIntStats): boolean {
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw new NnError('invalid_argument', `${file} cannot be taken over: ${(error as Error).message}`, {cause: error})
  }
  try {
    const isStale = isSame(lstatSync(aside, {bigint: true}), stale)
    if (!isStale) linkSync(aside, file)
    return isStale
  } finally {
    rmSync(aside, {force: true})
  }
}

/** Numbers of files are given again at once; with the time they are not. */
function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.mtimeNs === other.mtimeNs
}
