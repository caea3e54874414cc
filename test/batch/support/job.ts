import {spawn, type ChildProcess} from 'node:child_process'
import {existsSync, readFileSync, watch, writeFileSync} from 'node:fs'
import path from 'node:path'
import {qwen} from '../../support/fixtures.js'
import {processesWith} from '../../support/processes.js'
import {cli, runCli, type CliResult} from '../../support/run-cli.js'
import type {TestContext} from '../../support/suite.js'
import {temporaryFolder} from '../../support/temporary-folder.js'

export interface Row {
  id: string | null
  line?: number
  text?: string
  stop_reason?: string
  attempts?: number
  error?: {code: string; message: string} | null
  response?: {
    status_code: number
    body: {
      choices?: {message: {content: string}}[]
      data?: {embedding: number[] | string}[]
      model?: string
      error?: {code: string}
    }
  }
}

/** A folder with inputs and an output, and `wnn batch` on them. */
export class Job {
  readonly folder: string
  readonly output: string

  constructor(private readonly t: TestContext) {
    this.folder = temporaryFolder(t)
    this.output = path.join(this.folder, 'rows.jsonl')
    t.after(() => {
      for (const pid of processesWith(this.folder)) process.kill(pid, 'SIGKILL')
    })
  }

  file(name: string, contents: string | Buffer | readonly object[]): string {
    const file = path.join(this.folder, name)
    const isWritten = typeof contents === 'string' || Buffer.isBuffer(contents)
    writeFileSync(file, isWritten ? contents : contents.map((item) => `${JSON.stringify(item)}\n`).join(''))
    return file
  }

  argv(input: string, ...flags: string[]): string[] {
    return ['batch', input, '--model', qwen, '--output', this.output, '--set', 'threads=1', ...flags]
  }

  run(input: string, ...flags: string[]): Promise<CliResult> {
    return runCli(this.argv(input, ...flags), {signal: this.t.signal})
  }

  start(input: string, ...flags: string[]): ChildProcess {
    return spawn(process.execPath, [cli, ...this.argv(input, ...flags)], {
      env: {...process.env, TMPDIR: this.folder, WNN_SOCKET: path.join(this.folder, 'none.sock')},
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  get rows(): Row[] {
    if (!existsSync(this.output)) return []
    return readFileSync(this.output, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row)
  }

  get isComplete(): boolean {
    return (JSON.parse(readFileSync(`${this.output}.meta.json`, 'utf8')) as {complete: boolean}).complete
  }

  /** Resolves when there are so many rows. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      const watcher = watch(this.folder, () => {
        if (this.rows.length < count) return
        watcher.close()
        resolve()
      })
    })
  }
}

/** Items that take long enough to be interrupted. */
export const slow = (count: number): object[] =>
  Array.from({length: count}, (_, n) => ({
    id: `s${n}`,
    prompt: `Tell me about ${n}.`,
    temp: 0,
    ignore_eos: true,
    max_tokens: 100,
  }))

export const isWhole = ({stop_reason: reason}: Row): boolean => reason === 'max_tokens'
