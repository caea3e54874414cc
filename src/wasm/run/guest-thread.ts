import {fileURLToPath} from 'node:url'
import {MessageChannel, Worker} from 'node:worker_threads'
import type {GuestEnd, HostReply, HostRequest, NumberedReply, ThreadMessage, ThreadStart} from '../bridge/protocol.js'

export interface ThreadOptions extends Omit<ThreadStart, 'port' | 'control'> {
  answer: (request: HostRequest) => Promise<HostReply>
  /** Of JavaScript objects in the thread, which guests with garbage collection use. */
  heapMb: number
}

/** How a thread ended, and the size of the guest's memory then. */
export interface ThreadEnd {
  end: GuestEnd
  memoryBytes: number
}

/** How long an ended thread may take to exit. One that is blocked in a system call does not. */
const exitMs = 2000

/** The thread of a guest, seen from the host. */
export class GuestThread {
  private readonly worker: Worker
  private readonly channel = new MessageChannel()
  private readonly control = new SharedArrayBuffer(4)
  /** Resolves when the guest has ended on its own. */
  readonly ended: Promise<ThreadEnd>

  constructor({answer, heapMb, ...start}: ThreadOptions) {
    const {port1, port2} = this.channel
    const workerData: ThreadStart = {...start, port: port2, control: this.control}
    const {file, isCode} = entry()
    this.worker = new Worker(file, {
      eval: isCode,
      workerData,
      transferList: [port2],
      resourceLimits: {maxOldGenerationSizeMb: heapMb},
    })
    this.ended = new Promise((resolve, reject) => {
      port1.on('message', (message: ThreadMessage) => {
        if ('end' in message) resolve(message)
        else this.serve(message, answer).catch(reject)
      })
      this.worker.once('error', (error: NodeJS.ErrnoException) => {
        const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
        const message = isMemory ? 'out of memory' : (error.stack ?? error.message)
        resolve({end: {kind: isMemory ? 'trap' : 'failure', message}, memoryBytes: 0})
      })
      this.worker.once('exit', (code) => {
        resolve({end: {kind: 'failure', message: `The thread exited with code ${code}.`}, memoryBytes: 0})
      })
    })
  }

  /** Ends the thread. @returns whether it is gone; it is not while a system call blocks it. */
  async stop(): Promise<boolean> {
    this.channel.port1.close()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), exitMs)))
    try {
      return await Promise.race([this.worker.terminate().then(() => true), late])
    } finally {
      clearTimeout(timer)
    }
  }

  private async serve(
    {call, request}: Extract<ThreadMessage, {call: number}>,
    answer: ThreadOptions['answer'],
  ): Promise<void> {
    const message: NumberedReply = {call, reply: await answer(request)}
    this.channel.port1.postMessage(message)
    const answered = new Int32Array(this.control)
    Atomics.store(answered, 0, call)
    Atomics.notify(answered, 0)
  }
}

/** The module of the thread. From sources, it needs the loader that this process has, which threads do not inherit. */
function entry(): {file: string; isCode: boolean} {
  if (!import.meta.url.endsWith('.ts')) return {file: fileURLToPath(import.meta.resolve('#guest')), isCode: false}
  const main = new URL('../guest/main.ts', import.meta.url).href
  const loader = import.meta.resolve('tsx/esm/api')
  const code = `import('${loader}').then(({register}) => { register(); return import('${main}') })`
  return {file: code, isCode: true}
}
