import {fork, type ChildProcess} from 'node:child_process'
import {Socket} from 'node:net'
import {fileURLToPath} from 'node:url'
import {NnError} from '../../../errors.js'
import {homeFolder, noHome} from '../../../system/home.js'
import {engineMark} from '../../contract/status.js'
import {cpuTime} from '../cpu-time.js'
import {Heartbeat, type HeartbeatLimits} from './heartbeat.js'
import {findKnownFailure} from '../../contract/known-failures.js'
import type {EngineEvent, EngineRequest} from '../protocol.js'
import {noWork, type Work} from '../work-note.js'
import type {DeathCause} from './suspects.js'
import {WorkFile} from './work-file.js'

/** The end of a process. */
export interface ChildDeath {
  error: NnError
  cause: DeathCause
  /** What it worked on. */
  work: Work
}

/** Signals that a process does not cause itself. */
const fromOutside: readonly (NodeJS.Signals | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']

/** llama.cpp prints the reason of a crash at the end of its standard error, or of the errors that it logs. */
const keptOutput = 4096

/**
 * V8 lets the space for young objects grow to three times 16 MiB, over some 20,000 tokens. An engine has few long-lived
 * objects and is as fast with 2 MiB.
 */
const smallHeap = '--max-semi-space-size=2'

/** Where the engine finds the file for its note: after the standard ones and the channel. */
const noteDescriptor = 4

/** The process of an engine: its messages, its output, its heartbeat and its exit. */
export class EngineChild {
  private readonly child: ChildProcess
  private readonly heartbeat: Heartbeat
  private stderr = ''
  private loggedErrors = ''
  private killedFor: {why: string; wasComputing: boolean} | undefined
  private readonly note = WorkFile.create()
  private hear: (event: EngineEvent) => void = () => undefined
  private readonly exited: Promise<void>
  /** Resolves when the process has exited, with the reason. The end of its output, which has the reason, is read by then. */
  readonly died: Promise<ChildDeath>

  /** @param samplingThreads the size of its libuv pool, unless the environment has one */
  constructor(samplingThreads: number, limits?: HeartbeatLimits) {
    const fromSource = import.meta.url.endsWith('.ts')
    // The bundler decides where this chunk lies, so package.json says where the engine is.
    const entry = fromSource ? new URL('../child/main.ts', import.meta.url).href : import.meta.resolve('#engine')
    // In its own process group, Ctrl-C in the terminal does not reach it: the host decides when it ends.
    const {note} = this
    const child = fork(fileURLToPath(entry), [engineMark, ...(note === undefined ? [] : [String(noteDescriptor)])], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...(note === undefined ? [] : [note.descriptor])],
      detached: true,
      // The host's own options (--input-type, --inspect, …) are not for the engine; sources need their loader.
      execArgv: [...(fromSource ? process.execArgv : []), smallHeap],
      // Decodes and samplings of llama.cpp run on libuv's pool, whose size is fixed at its first use. When several threads take
      // turns, a small model is not in the caches of the next core, and decodes take longer (docs/benchmarks.md).
      // node-llama-cpp asks for the home folder and throws where there is none.
      env: {UV_THREADPOOL_SIZE: String(samplingThreads), HOME: homeFolder() ?? noHome, ...process.env},
    })
    this.child = child
    this.heartbeat = new Heartbeat(
      {
        ping: () => this.send({type: 'ping'}),
        cpuTime: () => (child.pid === undefined ? undefined : cpuTime(child.pid)),
        hung: (why) => this.kill(why),
      },
      limits,
    )
    child.stderr?.on('data', (data: Buffer) => (this.stderr = (this.stderr + data.toString()).slice(-keptOutput)))
    child.on('message', (event: EngineEvent) => {
      if (event.type === 'alive') this.heartbeat.heard(event.decodingMs)
      else this.receive(event)
    })
    this.exited = new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.on('error', () => {
        if (child.pid === undefined) resolve()
      })
    })
    this.died = new Promise((resolve) => {
      child.on('error', (error) => {
        resolve({error: new NnError('engine_died', error.message, {cause: error}), cause: 'outside', work: noWork})
      })
      child.once('close', (code, signal) => resolve(this.deathOf(code, signal)))
    })
    void this.exited.then(() => this.heartbeat.stop())
    void this.died.then(() => this.note?.close())
  }

  /** All events from now on, except heartbeats. */
  onMessage(hear: (event: EngineEvent) => void): void {
    this.hear = hear
  }

  private receive(event: EngineEvent): void {
    this.heartbeat.heard()
    if (event.type === 'ready') this.heartbeat.isLoaded = true
    if (event.type === 'log' && event.level === 'error') {
      this.loggedErrors = `${this.loggedErrors}${event.message}\n`.slice(-keptOutput)
    }
    this.hear(event)
  }

  send(message: EngineRequest): void {
    // Sending fails only if the process is dying; its exit, with the reason, is about to be reported.
    if (this.child.connected) this.child.send(message, () => undefined)
  }

  /** Forgets its output so far: what follows belongs to something new. */
  forgetOutput(): void {
    this.stderr = ''
    this.loggedErrors = ''
  }

  /** Kills a process that does not react; this is the reason of its exit. */
  kill(why: string): void {
    this.killedFor ??= {why, wasComputing: this.heartbeat.isComputing}
    this.killGroup()
  }

  /** Whether `kill` has ended it. */
  get killed(): boolean {
    return this.killedFor !== undefined
  }

  /** Ends the process; its memory is free when this resolves. */
  async end(): Promise<void> {
    this.child.ref()
    this.killGroup()
    await this.exited
  }

  /** With the processes that it started, which are in its group; Windows has no groups, and there they follow it. */
  private killGroup(): void {
    const {pid, exitCode, signalCode} = this.child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      this.child.kill('SIGKILL')
    }
  }

  /** A host with nothing left to do exits, even with a model loaded: the engine follows when its channel closes. */
  letGo(): void {
    this.child.unref()
    this.child.channel?.unref()
    const {stderr} = this.child
    if (stderr instanceof Socket) stderr.unref()
  }

  /** Whether the host stays alive for messages of this process. */
  awaited(isAwaited: boolean): void {
    if (isAwaited) this.child.channel?.ref()
    else this.child.channel?.unref()
  }

  private deathOf(code: number | null, signal: NodeJS.Signals | null): ChildDeath {
    const work = this.note?.read() ?? noWork
    if (this.killedFor !== undefined) {
      const {why, wasComputing} = this.killedFor
      const error = new NnError('engine_died', `The engine process hung and was ended: ${why}.`, {
        hint: 'The host starts a new one. If it happens again, look at the load and the memory of the machine.',
      })
      return {error, cause: wasComputing ? 'blocked' : 'outside', work}
    }
    const how = signal === null ? `exited with ${code ?? 'no code'}` : `was ended by ${signal}`
    const known = findKnownFailure(`${this.loggedErrors}${this.stderr}`)
    const reason =
      known?.line ??
      this.stderr
        .split('\n')
        .filter((line) => /GGML_ASSERT|error|abort|what\(\)/i.test(line))
        .at(-1)
        ?.trim()
    const error = new NnError('engine_died', `The engine process ${how}${reason === undefined ? '' : `: ${reason}`}`, {
      hint:
        known?.hint ??
        'The engine is started again: send the request again. A file that does this every time is damaged or not supported.',
    })
    return {error, cause: known !== undefined || fromOutside.includes(signal) ? 'outside' : 'fault', work}
  }
}
