import {spawn} from 'node:child_process'
import {mkdtemp, readdir, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {processesWith} from './processes.js'

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
  /** What the command has left behind: files in its temporary folder, processes that it started. */
  left: string[]
}

export interface CliOptions {
  /** What the command reads; its standard input ends there. Defaults to nothing. */
  input?: string | Buffer
  env?: Record<string, string>
  signal?: AbortSignal
  /** Called with all of stderr so far and a way to send signals, as output comes. */
  onStderr?: (stderr: string, kill: (signal: NodeJS.Signals) => void) => void
}

export const cli = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

/** Runs the built command as a user's shell would, and looks at what it leaves. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const temporary = await mkdtemp(path.join(os.tmpdir(), 'wnn-test-'))
  try {
    const ended = await runIn(temporary, argv, options)
    const files = await readdir(temporary, {recursive: true})
    // The folder's name is in the environment of whatever the command started.
    return {...ended, left: [...files, ...processesWith(temporary).map((pid) => `process ${pid}`)]}
  } finally {
    await rm(temporary, {recursive: true, force: true})
  }
}

function runIn(
  temporary: string,
  argv: readonly string[],
  {input = '', env = {}, signal, onStderr}: CliOptions,
): Promise<Omit<CliResult, 'left'>> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...argv], {
      // No daemon of whoever runs the tests is meant.
      env: {...process.env, NO_COLOR: '1', TMPDIR: temporary, WNN_SOCKET: path.join(temporary, 'd/sock'), ...env},
      signal,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString()
      onStderr?.(stderr, (name) => child.kill(name))
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({code, stdout, stderr}))
    child.stdin.end(input)
  })
}
