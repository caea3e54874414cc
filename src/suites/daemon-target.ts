import {RemoteBackend} from '../rpc/client/remote-backend.js'
import {RemoteCore} from '../rpc/client/remote-core.js'
import {ensureDaemon, stopDaemon} from '../daemon/background.js'
import {probeOf, remainsOf, type Host} from './probe.js'
import type {Target} from './target.js'

export interface DaemonTargetOptions {
  socket: string
  /** Folder of the package, to start a daemon. */
  root: string
  signal: AbortSignal
}

/**
 * Private backends in the daemon. Starts a daemon if none runs, and stops it afterwards. Other backends of the daemon
 * are not touched.
 */
export async function daemonTarget({socket, root, signal}: DaemonTargetOptions): Promise<Target & AsyncDisposable> {
  const started = await ensureDaemon({socket, root, signal})
  const stop = async (): Promise<void> => {
    if (started) await stopDaemon(socket, {now: true})
  }
  try {
    const host = await hostOf(socket)
    return {
      name: 'daemon',
      init: (config, {strict}) => RemoteBackend.init(socket, {strict, ...(config !== undefined && {config})}),
      probe: probeOf(host, await remainsOf(host)),
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function hostOf(socket: string): Promise<Host> {
  await using backend = await RemoteCore.connect(socket)
  return backend.host
}
