import {spawn, type ChildProcess} from 'node:child_process'
import {closeSync, fstatSync, openSync, readFileSync, renameSync} from 'node:fs'
import path from 'node:path'
import {DaemonConnection} from '../rpc/client/connection.js'
import {fromWire, NnError, systemReason, type WireError} from '../errors.js'
import {logFile} from '../rpc/log-file.js'
import {makeOwnFolder} from '../system/own-folder.js'

/** What a started daemon reports over the channel to the process that started it. */
export type StartMessage = {ready: true} | {error: WireError}

export interface BackgroundOptions {
  socket: string
  /** Folder of the package. */
  root: string
  /** Further arguments of `wnn serve`. Defaults to none. */
  argv?: readonly string[]
  signal: AbortSignal
}

/**
 * Starts a daemon in the background unless one listens already; then the answer is `false`.
 *
 * @throws the reason why it did not start; its output is in the log beside the socket.
 */
export async function ensureDaemon(options: BackgroundOptions): Promise<boolean> {
  if (await isRunning(options.socket, options.signal)) return false
  try {
    await startInBackground(options)
    return true
  } catch (error) {
    // Another process may have started one in the meantime.
    if (!options.signal.aborted && (await isRunning(options.socket, options.signal))) return false
    throw error
  }
}

/** Stops the daemon and waits until it has exited. @throws `not_running`. */
export async function stopDaemon(socket: string, {now = false, signal}: {now?: boolean; signal?: AbortSignal} = {}) {
  const connection = new DaemonConnection(socket)
  try {
    const response = await connection.send('POST', '/stop', {now}, signal)
    await new Promise<void>((resolve, reject) => {
      // The exit of the process cuts it off.
      response.resume().once('close', () => {
        if (signal?.aborted === true) reject(signal.reason as Error)
        else resolve()
      })
      response.once('error', () => undefined)
    })
  } finally {
    connection.close()
  }
}

async function isRunning(socket: string, signal: AbortSignal): Promise<boolean> {
  const connection = new DaemonConnection(socket)
  try {
    await connection.json('GET', '/status?types=', undefined, signal)
    return true
  } catch (error) {
    if (error instanceof NnError && error.reason === 'not_running') return false
    throw error
  } finally {
    connection.close()
  }
}

async function startInBackground({socket, root, argv = [], signal}: BackgroundOptions): Promise<void> {
  signal.throwIfAborted()
  makeOwnFolder(socket)
  const log = logFile(socket)
  const descriptor = openLog(log)
  // Sources need a loader, which is one of this process's own options.
  const isSource = import.meta.url.endsWith('.ts')
  const command = path.join(root, 'bin', isSource ? 'dev.js' : 'run.js')
  const child = spawn(
    process.execPath,
    [...(isSource ? process.execArgv : []), command, 'serve', '--socket', socket, ...argv],
    {detached: true, stdio: ['ignore', descriptor, descriptor, 'ipc']},
  )
  closeSync(descriptor)
  const abort = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', abort)
  try {
    await readiness(child, log)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
    if (child.connected) child.disconnect()
    child.unref()
  }
}

function readiness(child: ChildProcess, log: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new NnError('runtime_error', error.message, {cause: error})))
    child.once('message', (message: StartMessage) => {
      if ('ready' in message) resolve()
      else reject(fromWire(message.error))
    })
    child.once('exit', (code, killedBy) => {
      const last = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
      const how = killedBy ?? `exit code ${code ?? 'unknown'}`
      reject(new NnError('runtime_error', `The daemon ended as it started (${how}): ${last}`, {hint: `See ${log}.`}))
    })
  })
}

/** A running daemon logs almost nothing here; each start and stop adds to the file. */
const largeLog = 1024 ** 2

/** Opens the log for appending. A large log is renamed first and replaces the previous old one. */
function openLog(log: string): number {
  try {
    const descriptor = openSync(log, 'a', 0o600)
    if (fstatSync(descriptor).size < largeLog) return descriptor
    closeSync(descriptor)
    renameSync(log, `${log}.1`)
    return openSync(log, 'a', 0o600)
  } catch (error) {
    throw new NnError('file_unusable', `The log ${log} cannot be opened: ${systemReason(error)}.`, {cause: error})
  }
}
