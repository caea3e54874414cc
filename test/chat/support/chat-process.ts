import {spawn, type ChildProcess} from 'node:child_process'
import {closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import type {TestContext} from '../../support/suite.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const command = path.join(root, 'bin/run.js')

export interface Ended {
  stdout: string
  stderr: string
  /** As a shell has it: 128 + the signal's number for a process that a signal ended. */
  code: number | null
}

/** `wnn` in a process of its own, whose output is awaited, never slept for. */
export class Wnn {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ended>
  private hasEnded = false
  private readonly watchers = new Set<() => void>()
  /** How much of standard output has been waited for. */
  private read = 0

  constructor(
    readonly child: ChildProcess,
    /** The process that is `wnn` itself, where another one holds its terminal. */
    private readonly ownPid: () => number,
  ) {
    const notify = (): void => {
      for (const watcher of this.watchers) watcher()
    }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      notify()
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      notify()
    })
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => {
        this.hasEnded = true
        resolve({stdout: this.stdout, stderr: this.stderr, code})
        notify()
      })
    })
  }

  get pid(): number {
    return this.ownPid()
  }

  /** The processes that models run in. */
  get engines(): number[] {
    return childrenOf(this.pid)
  }

  type(keys: string): void {
    this.child.stdin?.write(keys)
  }

  /** Waits until standard output goes on with this; what came before is not looked at again. */
  async until(expected: string | RegExp): Promise<void> {
    for (;;) {
      const rest = this.stdout.slice(this.read)
      const at = typeof expected === 'string' ? rest.indexOf(expected) : rest.search(expected)
      if (at !== -1) {
        const length = typeof expected === 'string' ? expected.length : (expected.exec(rest)?.[0].length ?? 0)
        this.read += at + length
        return
      }
      if (this.hasEnded) throw new Error(`Ended before ${String(expected)} came:\n${rest}\n${this.stderr}`)
      await this.more()
    }
  }

  private async more(): Promise<void> {
    await new Promise<void>((resolve) => {
      const watcher = (): void => {
        this.watchers.delete(watcher)
        resolve()
      }
      this.watchers.add(watcher)
    })
  }
}

/** Runs `wnn` in pipes, or with files for its outputs; standard input is left open unless there is a text for it. */
export function startWnn(
  t: TestContext,
  args: readonly string[],
  input?: string | Buffer,
  files: {stdout?: string; stderr?: string} = {},
): Wnn {
  const [stdout, stderr] = [files.stdout, files.stderr].map((file) =>
    file === undefined ? 'pipe' : openSync(file, 'w'),
  )
  const child = spawn(process.execPath, [command, ...args], {
    cwd: root,
    env: environment(t),
    stdio: ['pipe', stdout, stderr],
  })
  for (const file of [stdout, stderr]) if (typeof file === 'number') closeSync(file)
  t.after(() => child.kill('SIGKILL'))
  if (input !== undefined) child.stdin?.end(input)
  return new Wnn(child, () => child.pid ?? 0)
}

export function runWnn(t: TestContext, args: readonly string[], input: string | Buffer = ''): Promise<Ended> {
  return startWnn(t, args, input).ended
}

/** Runs `wnn` on a pseudo-terminal; its standard error is there, too. Skips the test where there is no `script`. */
export function startInTerminal(
  t: TestContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  {columns, rows} = {columns: 100, rows: 30},
): Wnn {
  const script = (process.env.PATH ?? '').split(':').find((folder) => existsSync(path.join(folder, 'script')))
  if (script === undefined || process.platform !== 'linux') t.skip('needs script(1) of util-linux')
  const quoted = [process.execPath, command, ...args].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = spawn('script', ['-qec', `stty cols ${columns} rows ${rows}; exec ${quoted}`, '/dev/null'], {
    cwd: root,
    env: {...environment(t), TERM: 'xterm', ...env},
  })
  const wnn = new Wnn(child, () => childrenOf(child.pid ?? 0)[0] ?? 0)
  t.after(async () => {
    // Without its terminal the command leaves by SIGHUP; script(1) itself would wait for it.
    if (child.exitCode === null) child.kill('SIGKILL')
    await wnn.ended
  })
  return wnn
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number)
}

function parentOf(pid: string): number | undefined {
  try {
    // The second field, the name, may hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It has ended since the folder was read.
    return undefined
  }
}

/** Nothing of the person who runs the tests gets in, or is written to. */
function environment(t: TestContext): NodeJS.ProcessEnv {
  const home = mkdtempSync(path.join(tmpdir(), 'wnn-chat-'))
  t.after(() => rmSync(home, {recursive: true, force: true}))
  const {PATH} = process.env
  return {PATH, HOME: home, XDG_DATA_HOME: path.join(home, 'data'), TMPDIR: home}
}
