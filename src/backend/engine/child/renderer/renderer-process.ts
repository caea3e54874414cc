import {fork, type ChildProcess} from 'node:child_process'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import type {RendererDeath} from './failures.js'
import {rendererMark, type FromRenderer, type ToRenderer} from './messages.js'
import type {LimitName} from './watch.js'

/** The end of the standard error, which has the limit that was reached, in characters. */
const keptOutput = 4096

/** Conversations are short-lived there, and most of its memory is Node's own. */
const smallHeap = ['--max-semi-space-size=1']

export interface Ended extends RendererDeath {
  stderr: string
  /** Why the process could not be started, if it could not. */
  cause: Error | undefined
}

/**
 * A process that renders chat templates. It is in the engine's process group, and ends with the engine. It has no
 * terminal and loads neither a model nor a driver.
 */
export class RendererProcess {
  private readonly child: ChildProcess
  private stderr = ''
  private cause: Error | undefined
  /** Whether it has answered anything. */
  hasAnswered = false

  constructor(hear: (message: FromRenderer) => void, ended: (how: Ended) => void) {
    const fromSource = import.meta.url.endsWith('.ts')
    const entry = fromSource ? new URL('main.ts', import.meta.url).href : import.meta.resolve('#renderer')
    const file = fileURLToPath(entry)
    const child = fork(file, [rendererMark], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Its thread cannot start in a folder that was removed.
      cwd: path.dirname(file),
      execArgv: [...process.execArgv, ...smallHeap],
      env: {...process.env, UV_THREADPOOL_SIZE: '1'},
    })
    this.child = child
    let isOver = false
    const over = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (isOver) return
      isOver = true
      const {stderr, cause} = this
      ended({limit: limitIn(stderr), code, signal, stderr: stderr.trim(), cause})
    }
    child.stderr?.on('data', (data: Buffer) => (this.stderr = (this.stderr + data.toString()).slice(-keptOutput)))
    child.on('message', (message: FromRenderer) => {
      this.hasAnswered = true
      hear(message)
    })
    child.on('error', (error) => {
      this.cause ??= error
      if (child.pid === undefined) over(null, null)
    })
    // Its output is read by then.
    child.once('close', over)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  send(message: ToRenderer): void {
    // Sending fails only if the process is ending; its end, with the reason, is about to be reported.
    if (this.child.connected) this.child.send(message, () => undefined)
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }
}

function limitIn(stderr: string): LimitName | undefined {
  const [, name] = /^limit: (time|memory)$/m.exec(stderr) ?? []
  return name as LimitName | undefined
}
