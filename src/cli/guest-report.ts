import type {TraceFile} from '../system/trace-file.js'
import {bytes} from '../terminal/units.js'
import type {FinishedCall, GuestOutput, GuestResult} from '../wasm/index.js'
import {describeFailure, isFailure, tracedCall} from '../wasm/index.js'

/** What `wnn run --json` prints. */
export interface RunResult {
  exit_code: number
  /** How the program ended: on its own, by a trap, or by the host. */
  end: 'exit' | 'trap' | 'timeout' | 'output' | 'input' | 'interrupted'
  stdout: string
  stderr: string
  /** WASI-NN calls, and those of them that failed. */
  calls: number
  failed_calls: number
  memory_bytes: number | null
  duration_ms: number
}

interface Message {
  kind: 'note' | 'warning'
  text: string
}

export interface EndedGuest {
  end: RunResult['end']
  exitCode: number
  messages: Message[]
}

/** As of a program that aborts. */
const trapExit = 134
/** As of the reason `timeout`. */
const limitExit = 3

/** Share of the memory limit from which a guest that failed may have been short of memory. */
const almostFull = 0.5

export interface GuestLimits {
  timeoutMs: number
  memoryMb: number
  outputMb: number
}

/** The exit code of a guest, and what to say about its end. */
export function endedGuest(result: GuestResult, limits: GuestLimits): EndedGuest {
  const blocked: Message[] = result.isGone
    ? []
    : [{kind: 'warning', text: 'The program is blocked in a system call. Its process is killed.'}]
  switch (result.kind) {
    case 'exit':
      return {
        end: 'exit',
        exitCode: result.code,
        messages: [...(result.code === 0 ? [] : memoryNote(result, limits)), ...blocked],
      }
    case 'trap': {
      const text = `The program trapped: ${result.message}.`
      return {
        end: 'trap',
        exitCode: trapExit,
        messages: [{kind: 'warning', text}, ...memoryNote(result, limits), ...blocked],
      }
    }
    case 'failure':
      throw new Error(`The thread of the program failed: ${result.message}`)
    case 'stopped':
      return stopped(result.why, limits, blocked)
  }
}

function stopped(why: (GuestResult & {kind: 'stopped'})['why'], limits: GuestLimits, blocked: Message[]): EndedGuest {
  const ended = (exitCode: number, kind: Message['kind'], text: string): EndedGuest => ({
    end: why,
    exitCode,
    messages: [{kind, text}, ...blocked],
  })
  switch (why) {
    case 'timeout':
      return ended(limitExit, 'warning', `The program was ended after ${limits.timeoutMs} ms (--timeout).`)
    case 'output':
      return ended(limitExit, 'warning', `The program was ended after ${limits.outputMb} MiB of output (--max-output).`)
    case 'input':
      return ended(0, 'note', 'The program was ended: it kept reading after the end of standard input.')
    case 'interrupted':
      return {end: why, exitCode: limitExit, messages: blocked}
  }
}

function memoryNote({memoryBytes}: GuestResult, {memoryMb}: GuestLimits): Message[] {
  if (memoryBytes === undefined || memoryBytes < memoryMb * 1024 * 1024 * almostFull) return []
  return [{kind: 'note', text: `Its memory had ${bytes(memoryBytes)} of at most ${memoryMb} MiB (--memory).`}]
}

/** The output of a guest and its calls, for people or as JSON. */
export class GuestReport {
  private readonly captured = {stdout: [] as Uint8Array[], stderr: [] as Uint8Array[]}
  private calls = 0
  private failed = 0
  private lastFailure: FinishedCall | undefined
  readonly stdout: GuestOutput
  readonly stderr: GuestOutput

  constructor({isCaptured}: {isCaptured: boolean}) {
    this.stdout = isCaptured ? capture(this.captured.stdout) : outputTo(process.stdout)
    this.stderr = isCaptured ? capture(this.captured.stderr) : outputTo(process.stderr)
  }

  called(call: FinishedCall, trace: TraceFile | undefined): void {
    this.calls++
    trace?.add(tracedCall(call))
    if (!isFailure(call)) return
    this.failed++
    this.lastFailure = call
  }

  /** Why a program may have failed: many print only a number. */
  notes({exitCode, end}: EndedGuest): Message[] {
    if (exitCode === 0 || this.lastFailure === undefined || (end !== 'exit' && end !== 'trap')) return []
    return [{kind: 'note', text: `The last WASI-NN call that failed: ${describeFailure(this.lastFailure)}`}]
  }

  result({end, exitCode}: EndedGuest, {memoryBytes, durationMs}: GuestResult): RunResult {
    const {stdout, stderr} = this.captured
    return {
      exit_code: exitCode,
      end,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
      calls: this.calls,
      failed_calls: this.failed,
      memory_bytes: memoryBytes ?? null,
      duration_ms: durationMs,
    }
  }
}

function capture(into: Uint8Array[]): GuestOutput {
  return {
    write: (part) => {
      into.push(part)
      return Promise.resolve()
    },
  }
}

function outputTo(stream: NodeJS.WritableStream): GuestOutput {
  // An error of the stream is its listener's.
  return {write: (part) => new Promise((resolve) => stream.write(part, () => resolve()))}
}
