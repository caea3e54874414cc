import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import type {RemoteBackend} from '../../src/rpc/client/remote-backend.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cli = path.join(root, 'bin/run.js')

/** The built daemon in a process and a folder of its own. */
export class DaemonProcess implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    readonly socket: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Starts the daemon of a built checkout, by default this one. Resolves once it listens.
   *
   * @throws with its standard error if it ends before
   */
  static async start(settings: readonly string[], checkout = root): Promise<DaemonProcess> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'wnn-bench-'))
    const socket = path.join(folder, 'run', 'daemon.sock')
    const argv = ['serve', ...settings.flatMap((setting) => ['--set', setting])]
    const child = spawn(process.execPath, [path.join(checkout, 'bin/run.js'), ...argv], {
      env: {...process.env, WNN_SOCKET: socket},
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const daemon = new DaemonProcess(folder, socket, child)
    const said: string[] = []
    for await (const line of createInterface(child.stderr)) {
      said.push(line)
      if (line.startsWith('Listening on')) {
        child.stderr.resume()
        return daemon
      }
    }
    await daemon[Symbol.asyncDispose]()
    throw new Error(`The daemon did not start: ${said.join('\n')}`)
  }

  /** Whether its process is still running. */
  get lives(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Runs a command that uses this daemon. */
  async run(...argv: string[]): Promise<{code: number | null; stderr: string}> {
    const child = spawn(process.execPath, [cli, ...argv], {
      env: {...process.env, WNN_SOCKET: this.socket, NO_COLOR: '1'},
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    return {code, stderr}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.lives) {
      const ended = once(this.child, 'exit')
      this.child.kill('SIGTERM')
      await ended
    }
    await rm(this.folder, {recursive: true, force: true})
  }
}

/** Resident memory of the daemon and its engines, in bytes. */
export async function residentBytes(backend: RemoteBackend): Promise<number> {
  const {host_rss_bytes, graphs} = await backend.status('memory')
  return host_rss_bytes + graphs.reduce((sum, {engine_rss_bytes}) => sum + engine_rss_bytes, 0)
}
