import {spawn, type ChildProcess} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import type {HostReply, HostRequest, ProcessMessage, ProcessReply, ProcessStart} from '../bridge/protocol.js'
import type {ThreadEnd} from './guest-thread.js'

export interface ProcessOptions {
  start: ProcessStart['start']
  answer: (request: HostRequest) => Promise<HostReply>
}

/** Limits by the system: no core dumps, and few open files. Virtual memory cannot be limited: V8 reserves much of it. */
const limited = 'ulimit -c 0; ulimit -n 256; exec "$0" "$@"'

/** A guest in a process of its own, seen from the host. It can be ended in any state. */
export class GuestProcess {
  private readonly child: ChildProcess
  private readonly exited: Promise<void>
  readonly ended: Promise<ThreadEnd>

  constructor({start, answer}: ProcessOptions) {
    const fromSource = import.meta.url.endsWith('.ts')
    const entry = fromSource ? new URL('../guest/process.ts', import.meta.url).href : import.meta.resolve('#isolated')
    const argv = [process.execPath, ...(fromSource ? process.execArgv : []), fileURLToPath(entry)]
    this.child = spawn('/bin/sh', ['-c', limited, ...argv], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // In its own process group, Ctrl-C in the terminal does not reach it: the host decides when it ends.
      detached: true,
      // Nothing of the environment, which has secrets of other programs.
      env: {},
      ...(fromSource ? {} : {cwd: '/'}),
    })
    this.exited = new Promise((resolve) => {
      this.child.once('exit', () => resolve())
      this.child.once('error', () => resolve())
    })
    this.ended = new Promise((resolve, reject) => {
      const fail = (message: string): void => resolve({end: {kind: 'failure', message}, memoryBytes: 0})
      this.child.on('message', (message: ProcessMessage) => {
        if ('end' in message) resolve(message)
        else this.serve(message, answer).catch(reject)
      })
      this.child.once('error', (error) => fail(error.message))
      this.child.once('close', (code, signal) =>
        fail(`Its process ended with ${signal ?? `exit code ${String(code)}`}.`),
      )
    })
    this.send({start})
  }

  /** Ends the process. */
  async stop(): Promise<true> {
    this.child.kill('SIGKILL')
    await this.exited
    return true
  }

  private async serve(
    {call, request}: Extract<ProcessMessage, {call: number}>,
    answer: ProcessOptions['answer'],
  ): Promise<void> {
    this.send({call, reply: await answer(request)})
  }

  private send(message: ProcessStart | ProcessReply): void {
    // A process that is gone has its own event.
    if (this.child.connected) this.child.send(message, () => undefined)
  }
}
