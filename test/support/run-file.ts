import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {timeScale} from './time-scale.js'
import {grepVariable, parseReport, reportVariable, type ReportLine, type TestResult} from './report.js'

const defaultLimitSeconds = 120
const groupRunner = fileURLToPath(new URL('group.ts', import.meta.url))
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
export async function runFile(file: string, options: RunFileOptions): Promise<FileResult> {
  const start = performance.now()
  const {end, lines} = await runReported([file], wallLimit(file), options)
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
}

/**
 * Runs several test files in one process. When something is wrong that is not a failed test, each file is run again by
 * itself, to find the one that it comes from.
 */
export async function runGroup(files: readonly string[], options: RunFileOptions): Promise<FileResult[]> {
  const {end, lines} = await runReported([groupRunner, ...files], defaultLimitSeconds, options)
  const results = files.map((file): FileResult => {
    const own = lines.filter((line) => line.file === file)
    const results = own.filter((line) => line.kind === 'result')
    const fault = faultOf(own, results.some(({outcome}) => outcome === 'failed') ? 1 : 0)
    return {
      file,
      ms: results.reduce((total, {ms}) => total + ms, 0),
      results,
      unselected: sum(own, (line) => line.registered - line.selected),
      output: end.output,
      ...(fault === undefined ? {} : {fault}),
    }
  })
  const isRed = results.some(({results: own}) => own.some(({outcome}) => outcome === 'failed'))
  const isWrong =
    end.fault !== undefined || results.some(({fault}) => fault !== undefined) || (end.code !== 0 && !isRed)
  if (!isWrong || options.signal.aborted) return results
  const alone: FileResult[] = []
  for (const file of files) alone.push(await runFile(file, options))
  if (alone.every(({fault}) => fault === undefined)) {
    const fault = `${end.fault ?? `exit code ${String(end.code)}`}, in one process with others alone`
    return alone.map((result, index) => (index === 0 ? {...result, fault, output: end.output} : result))
  }
  return alone
}

async function runReported(
  argv: readonly string[],
  limitSeconds: number,
  {grep, signal}: RunFileOptions,
): Promise<{end: End; lines: ReportLine[]}> {
  const folder = mkdtempSync(join(tmpdir(), 'wnn-test-'))
  const report = join(folder, 'report.jsonl')
  try {
    const environment = {
      ...process.env,
      [reportVariable]: report,
      ...(grep === undefined ? {} : {[grepVariable]: grep}),
    }
    const end = await run(argv, environment, limitSeconds, signal)
    return {end, lines: parseReport(readReport(report))}
  } finally {
    rmSync(folder, {recursive: true, force: true})
  }
}

/** A file asks for more time by a line of its own: `// wall-limit: 300 s`. */
function wallLimit(file: string): number {
  const asked = /^\/\/ wall-limit: (\d+) s$/m.exec(readFileSync(file, 'utf8'))?.[1]
  return timeScale * (asked === undefined ? defaultLimitSeconds : Number(asked))
}

interface End {
  code: number | null
  output: string
  fault?: string
}

function run(argv: readonly string[], env: NodeJS.ProcessEnv, limitSeconds: number, signal: AbortSignal): Promise<End> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what the file started can be ended with it.
    const child = spawn(process.execPath, ['--import', 'tsx', ...argv], {
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
