import {mkdirSync, readdirSync} from 'node:fs'
import path from 'node:path'
import {spawn, type ChildProcess} from 'node:child_process'
import {RemoteBackend} from '../../../src/rpc/client/remote-backend.js'
import {DaemonConnection} from '../../../src/rpc/client/connection.js'
import type {FullStatus} from '../../../src/rpc/daemon-status.js'
import {cli} from '../../support/run-cli.js'
import {processesWith} from '../../support/processes.js'
import type {TestContext} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A place with a socket and a temporary folder of its own, in which a test's daemon and clients live. */
export class DaemonHome {
  readonly folder: string
  readonly socket: string
  private readonly temporary: string

  constructor(private readonly t: TestContext) {
    this.folder = temporaryFolder(t)
    this.socket = path.join(this.folder, 'run', 'daemon.sock')
    this.temporary = path.join(this.folder, 'tmp')
    mkdirSync(this.temporary)
    // Last, when all that the test does itself is done: nothing of it may outlive the test.
    t.after(() => {
      for (const pid of this.processes()) process.kill(pid, 'SIGKILL')
    })
  }

  start(...argv: string[]): ChildProcess {
    return this.startIn(process.cwd(), argv)
  }

  private startIn(cwd: string, argv: readonly string[]): ChildProcess {
    const env = {...process.env, NO_COLOR: '1', TMPDIR: this.temporary, WNN_SOCKET: this.socket}
    return spawn(process.execPath, [cli, ...argv], {cwd, env, stdio: ['ignore', 'pipe', 'pipe']})
  }

  run(...argv: string[]): Promise<Ended> {
    return ended(this.start(...argv))
  }

  /** Runs `wnn` in another working directory. */
  runIn(folder: string, ...argv: string[]): Promise<Ended> {
    return ended(this.startIn(folder, argv))
  }

  /** A daemon in the foreground that is ready. */
  async serve(...argv: string[]): Promise<{child: ChildProcess; ended: Promise<Ended>; said: string}> {
    const child = this.start('serve', ...argv)
    const end = ended(child)
    return {child, ended: end, said: await said(child, 'Listening on')}
  }

  /** The daemon's backend, for this process. */
  async connect(): Promise<RemoteBackend> {
    const backend = await RemoteBackend.connect(this.socket)
    this.t.after(() => backend[Symbol.asyncDispose]())
    return backend
  }

  async status(): Promise<FullStatus> {
    const connection = new DaemonConnection(this.socket)
    try {
      return await connection.json('GET', '/status')
    } finally {
      connection.close()
    }
  }

  /** Asks for the status until it is so; the test's own limit ends it. */
  async until(holds: (status: FullStatus) => boolean): Promise<FullStatus> {
    for (;;) {
      this.t.signal.throwIfAborted()
      const status = await this.status()
      if (holds(status)) return status
    }
  }

  processes(): number[] {
    return processesWith(this.folder)
  }

  /** Files and processes that are there, the log aside. */
  left(): string[] {
    const files = ['run', 'tmp'].flatMap((name) => readdirSync(path.join(this.folder, name), {encoding: 'utf8'}))
    return [...files.filter((name) => name !== 'daemon.log'), ...this.processes().map((pid) => `process ${pid}`)]
  }
}

export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr?.on('data', (data: Buffer) => (stderr += data.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({code, stdout, stderr})))
}

/** Resolves when the process has said this on either output; rejects when it ends before. */
export function said(child: ChildProcess, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = ''
    const hear = (data: Buffer): void => {
      all += data.toString()
      if (all.includes(text)) resolve(all)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('close', () => reject(new Error(`It ended without saying ${text}: ${all}`)))
  })
}
