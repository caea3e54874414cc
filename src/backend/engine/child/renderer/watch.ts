import {once} from 'node:events'
import {Worker} from 'node:worker_threads'
import type {RenderLimits} from './limits.js'

export type LimitName = 'time' | 'memory'

interface Watched {
  /** `busy`, CPU time in milliseconds, memory in MiB; the latter two are limits of the process. */
  cells: Int32Array
  engine: number
  idleMs: number
  busyMs: number
}

const cell = {busy: 0, cpuMs: 1, memoryMib: 2}
const mib = 1024 * 1024

/**
 * Ends this process at the limits of a rendering, and when the engine is gone. While a template runs, the main thread
 * cannot do that: it is in native code.
 */
export class Watch {
  private readonly cells = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT))
  /** Resolves when the thread watches. */
  readonly ready: Promise<unknown>

  constructor() {
    const data: Watched = {cells: this.cells, engine: process.ppid, idleMs: 1000, busyMs: 20}
    // From its text, so that the thread has no modules to load.
    const thread = new Worker(`(${watchThread.toString()})()`, {eval: true, workerData: data})
    this.ready = once(thread, 'message')
  }

  /** A rendering begins. */
  begin({cpuMs, memoryBytes}: RenderLimits): void {
    const {user, system} = process.cpuUsage()
    Atomics.store(this.cells, cell.cpuMs, Math.ceil((user + system) / 1000 + cpuMs))
    Atomics.store(this.cells, cell.memoryMib, Math.ceil((process.memoryUsage.rss() + memoryBytes) / mib))
    Atomics.store(this.cells, cell.busy, 1)
    Atomics.notify(this.cells, cell.busy)
  }

  end(): void {
    Atomics.store(this.cells, cell.busy, 0)
  }
}

/** The code of the thread. It can use nothing of this module, and no functions of its own. */
function watchThread(): void {
  const threads = process.getBuiltinModule('node:worker_threads')
  const {writeSync} = process.getBuiltinModule('node:fs')
  const {cells, engine, idleMs, busyMs} = threads.workerData as Watched
  threads.parentPort?.postMessage('watching')
  for (;;) {
    const isBusy = Atomics.load(cells, 0) === 1
    Atomics.wait(cells, 0, isBusy ? 1 : 0, isBusy ? busyMs : idleMs)
    if (process.ppid !== engine) process.kill(process.pid, 'SIGKILL')
    if (Atomics.load(cells, 0) === 0) continue
    const {user, system} = process.cpuUsage()
    const isLate = (user + system) / 1000 > Atomics.load(cells, 1)
    if (!isLate && process.memoryUsage.rss() / 1048576 <= Atomics.load(cells, 2)) continue
    // The engine reads it when the process has ended.
    writeSync(2, `\nlimit: ${isLate ? 'time' : 'memory'}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}
