import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {grepVariable, parseReport, reportVariable, type ReportLine, type TestResult} from './report.js'

const defaultLimitSeconds = 120
// What a process that its file left behind may take to go before it counts as left behind.
const strayGraceMs = 2000

export interface FileResult {
  file: string
  ms: number
  results: TestResult[]
  /** Why the file as a whole failed: it crashed, hung, lost tests or had none. */
  fault?: string
  /** Tests that the name filter left out. */
  unselected: number
  output: string
}

export interface RunFileOptions {
  grep?: string | undefined
  signal: AbortSignal
}

/** Runs one test file in a process of its own and judges it by its report and its exit code. */
export async function runFile(file: string, {grep, signal}: RunFileOptions): Promise<FileResult> {
  const folder = mkdtempSync(join(tmpdir(), 'wnn-test-'))
  const report = join(folder, 'report.jsonl')
  const start = performance.now()
  try {
    const limitSeconds = wallLimit(readFileSync(file, 'utf8'))
    const environment = {
      ...process.env,
      [reportVariable]: report,
      ...(grep === undefined ? {} : {[grepVariable]: grep}),
    }
    const end = await run(file, environment, limitSeconds, signal)
    const lines = parseReport(readReport(report))
    const results = lines.filter((line) => line.kind === 'result')
    const fault = end.fault ?? faultOf(lines, end.code)
    const unselected = sum(lines, (line) => line.registered - line.selected)
    return {
      file,
      ms: performance.now() - start,
      results,
      unselected,
      output: end.output,
      ...(fault === undefined ? {} : {fault}),
    }
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

/** A file asks for more time by a line of its own: `// wall-limit: 300 s`. */
function wallLimit(source: string): number {
  const asked = /^\/\/ wall-limit: (\d+) s$/m.exec(source)?.[1]
  return asked === undefined ? defaultLimitSeconds : Number(asked)
}

interface End {
  code: number | null
  output: string
  fault?: string
}

function run(file: string, env: NodeJS.ProcessEnv, limitSeconds: number, signal: AbortSignal): Promise<End> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what the file started can be ended with it.
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let fault: string | undefined
    let grace: NodeJS.Timeout | undefined
    const kill = (why: string): void => {
      fault ??= why
      endGroup(child.pid)
    }
    const abort = (): void => kill('stopped before it had ended')
    const limit = setTimeout(() => kill(`did not end within ${limitSeconds} s`), limitSeconds * 1000)
    signal.addEventListener('abort', abort, {once: true})
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.on('error', reject)
    // The streams close when the last process that holds them ends, which may be a stray child of the test.
    child.on('exit', () => (grace = setTimeout(() => kill('left a process behind'), strayGraceMs)))
    child.on('close', (code) => {
      clearTimeout(limit)
      clearTimeout(grace)
      signal.removeEventListener('abort', abort)
      resolve({code, output, ...(fault === undefined ? {} : {fault})})
    })
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // The group has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function readReport(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function faultOf(lines: readonly ReportLine[], code: number | null): string | undefined {
  const results = lines.filter((line) => line.kind === 'result')
  const planned = sum(lines, (line) => line.selected)
  const registered = sum(lines, (line) => line.registered)
  if (registered === 0) return `has no tests (exit code ${String(code)})`
  if (results.length !== planned) return `reported ${results.length} of ${planned} tests (exit code ${String(code)})`
  if (code !== 0 && results.every(({outcome}) => outcome !== 'failed'))
    return `exit code ${String(code)}, though no test failed`
  return undefined
}

function sum(lines: readonly ReportLine[], count: (plan: Extract<ReportLine, {kind: 'plan'}>) => number): number {
  return lines.reduce((total, line) => total + (line.kind === 'plan' ? count(line) : 0), 0)
}
