import {fork, type ChildProcess} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {cpuMs} from './cpu-time.js'
import type {Job, Reply, Request} from './job.js'

/** One measured run. */
export interface Sample {
  tokens: number
  wallMs: number
  /** Processor time of the process that decodes. */
  cpuMs: number
  /** The same, including the process that drives it if that is another one. */
  allCpuMs: number
}

/** The measuring side of a competitor, which is a process of its own. */
export class Runner {
  private pids: {decoding: number; host: number} = {decoding: 0, host: 0}

  private constructor(private readonly child: ChildProcess) {}

  static async start(file: string, job: Job): Promise<Runner> {
    const runner = new Runner(
      fork(fileURLToPath(new URL(file, import.meta.url)), {
        // Some print every request, which nobody reads here.
        stdio: ['ignore', 'ignore', process.env['BENCH_VERBOSE'] === undefined ? 'ignore' : 'inherit', 'ipc'],
        execArgv: ['--import', 'tsx'],
      }),
    )
    const reply = await runner.ask({type: 'load', job})
    if (reply.type !== 'loaded') throw new Error(`${file} replied "${reply.type}" to a request to load.`)
    runner.pids = {decoding: reply.pid, host: reply.hostPid}
    return runner
  }

  async run(seed: number, repeats: number): Promise<Sample> {
    const before = await this.usage()
    const reply = await this.ask({type: 'run', seed, repeats})
    const after = await this.usage()
    if (reply.type !== 'ran') throw new Error(`The reply to a request to run was "${reply.type}".`)
    const {tokens, wallMs} = reply
    return {tokens, wallMs, cpuMs: after.decoding - before.decoding, allCpuMs: after.all - before.all}
  }

  private async usage(): Promise<{decoding: number; all: number}> {
    const {decoding: pid, host} = this.pids
    const decoding = await cpuMs(pid)
    return {decoding, all: pid === host ? decoding : decoding + (await cpuMs(host))}
  }

  private ask(request: Request): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const failed = (code: number | null): void =>
        reject(new Error(`It exited with ${code ?? 'a signal'}. BENCH_VERBOSE=1 shows its output.`))
      this.child.once('exit', failed)
      this.child.once('message', (reply: Reply) => {
        this.child.off('exit', failed)
        if (reply.type === 'failed') reject(new Error(reply.reason))
        else resolve(reply)
      })
      this.child.send(request)
    })
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exited = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.disconnect()
    await exited
  }
}
