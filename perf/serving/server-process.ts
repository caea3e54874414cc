import {spawn, type ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {processTree, usageOf, type Usage} from './processes.js'

/** How long a server may take to end after SIGTERM, in milliseconds. */
const endMs = 10_000

interface Options {
  command: string
  args: readonly string[]
  env?: NodeJS.ProcessEnv
  /** Resolves with the address once the server answers. */
  ready: (child: ChildProcess, ended: AbortSignal) => Promise<string>
  /** Called when it has ended. */
  cleanUp?: () => Promise<void>
}

/** A server and its child processes. Disposing leaves none of them. */
export class ServerProcess implements AsyncDisposable {
  /** @throws with its standard error if it ends before it is ready */
  static async start({command, args, env, ready, cleanUp}: Options): Promise<ServerProcess> {
    const startedAt = performance.now()
    const child = spawn(command, args, {env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'pipe']})
    const killAll = (): void => kill(child, 'SIGKILL')
    process.once('exit', killAll)
    const ended = new AbortController()
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr = (stderr + data.toString()).slice(-2000)))
    child.once('error', (error) => ended.abort(error))
    child.once('exit', () => ended.abort(new Error(`${command} ended before it was ready: ${stderr}`)))
    const stop = async (): Promise<void> => {
      await end(child)
      process.off('exit', killAll)
      await cleanUp?.()
    }
    try {
      const url = await ready(child, ended.signal)
      child.stdout.resume()
      return new ServerProcess(child, url, performance.now() - startedAt, stop)
    } catch (error) {
      await stop()
      throw error
    }
  }

  private constructor(
    private readonly child: ChildProcess,
    /** Without `/v1`. */
    readonly url: string,
    /** From the start of the process until it answers. */
    readonly readyMs: number,
    private readonly stop: () => Promise<void>,
  ) {}

  usage(): Usage {
    return usageOf(this.child.pid ?? NaN)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const tree = processTree(child.pid)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => kill(child, 'SIGKILL'), endMs)
  await ended
  clearTimeout(timer)
  // Descendants whose parent has ended now have another parent, so they are killed by the list from before.
  for (const pid of tree) killOne(pid, 'SIGKILL')
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined) for (const pid of processTree(child.pid)) killOne(pid, signal)
}

function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
