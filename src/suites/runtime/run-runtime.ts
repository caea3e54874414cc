import {spawn} from 'node:child_process'
import {text} from 'node:stream/consumers'
import {NnError} from '../../errors.js'
import {summarize, type CaseResult, type Failure, type RunReport} from '../results.js'
import {parseTap, type TapReport, type TapTest} from './parse-tap.js'

export interface RuntimeOptions {
  /** A shell command with `{guest}` and `{model}`. */
  command: string
  /** Path of the conformance guest. */
  guest: string
  /** Path of the model. */
  model: string
  /** Limit of the whole run. */
  timeoutMs: number
  signal: AbortSignal
}

const suite = 'WASI-NN ABI'

/** How much of the standard error of a runtime that failed is shown, in UTF-16 units. */
const shownOutput = 1000

/**
 * Runs the conformance guest in a runtime, and reports its cases like those of a suite.
 *
 * @throws `invalid_argument` for a command without `{guest}`.
 */
export async function runRuntime({command, guest, model, timeoutMs, signal}: RuntimeOptions): Promise<RunReport> {
  if (!command.includes('{guest}')) {
    throw new NnError('invalid_argument', `--runtime ${command}: it has no {guest}.`, {
      hint: "Example: --runtime 'wasmedge --nn-preload default:GGML:AUTO:{model} {guest}'",
    })
  }
  const start = performance.now()
  const filled = command.replaceAll('{guest}', quoted(guest)).replaceAll('{model}', quoted(model))
  const limit = AbortSignal.timeout(timeoutMs)
  const ended = await runShell(filled, AbortSignal.any([signal, limit]))
  const report = parseTap(ended.stdout)
  const missing = missingCases(report, limit.aborted ? `The time limit of ${timeoutMs} ms passed.` : describe(ended))
  const results = [...report.tests.map((test) => resultOf(test, guest)), ...missing.map((test) => broken(test, guest))]
  const summary = summarize(results, results.length, performance.now() - start)
  return {schema_version: 2, target: command, results, summary, interrupted: signal.aborted}
}

interface Ended {
  stdout: string
  stderr: string
  code: number | null
}

/** The shell and what it started are a process group of their own, so that all of them end at the limit. */
async function runShell(command: string, signal: AbortSignal): Promise<Ended> {
  const child = spawn(command, {shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe']})
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const kill = (): void => {
    if (child.pid !== undefined) killGroup(child.pid)
  }
  signal.addEventListener('abort', kill, {once: true})
  try {
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed])
    return {stdout, stderr, code}
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // All of them have exited in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** What was announced and did not run; a report without a plan lacks everything. */
function missingCases({planned, tests, bailOut}: TapReport, why: string): {name: string; why: string}[] {
  if (bailOut !== undefined) return [{name: 'the guest runs to its end', why: bailOut}]
  if (planned === undefined) return [{name: 'the guest starts', why}]
  if (tests.length >= planned) return []
  return [{name: 'the guest runs to its end', why: `${tests.length} of ${planned} cases ran. ${why}`}]
}

function describe({code, stderr}: Ended): string {
  const tail = stderr.trim().slice(-shownOutput)
  return `The command ended with ${code === null ? 'a signal' : `exit code ${code}`}.${tail === '' ? '' : `\n${tail}`}`
}

function resultOf({number, name, outcome, reason, comments}: TapTest, guest: string): CaseResult {
  const failures = outcome === 'failed' ? comments.map((comment) => failureOf(comment, guest)) : []
  return {...base(number, name, guest), outcome, failures, ...(reason !== undefined && {reason})}
}

/** The guest's `what: got 5, expected 1`. */
function failureOf(comment: string, guest: string): Failure {
  const [, step = 'case', actual, expected] = /^(.*): got (\d+), expected (\d+)$/.exec(comment) ?? []
  const place = {file: guest, line: 1, column: 1}
  if (actual === undefined || expected === undefined) return {...place, step, message: comment}
  return {...place, step, message: 'is another number', actual, expected}
}

function broken({name, why}: {name: string; why: string}, guest: string): CaseResult {
  const failure: Failure = {file: guest, line: 1, column: 1, step: 'runtime', message: why}
  return {...base('0', name, guest), outcome: 'error', failures: [failure]}
}

function base(id: string, name: string, file: string): Omit<CaseResult, 'outcome' | 'failures'> {
  return {id, name, suite, file, line: 1, tags: [], attempts: 1, duration_ms: 0}
}

/** For a shell; also within a word. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`
}
