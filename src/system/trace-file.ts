import {closeSync, openSync, writeSync} from 'node:fs'
import {NnError, systemReason} from '../errors.js'
import {rejectNamedPipe} from './named-pipe.js'

/** A call for a trace. Times are those of `performance.now()`. */
export interface TracedCall {
  call: string
  args: Readonly<Record<string, unknown>>
  /** Absent for a call that failed without one. */
  result?: unknown
  error?: {code: string; reason: string; message: string}
  startMs: number
  endMs: number
}

/**
 * A file with one event per call. A name that ends with `.json` gets Chrome's trace events, which chrome://tracing and
 * Perfetto show; any other one a JSON object a line. Each call is written at once, so that a crash loses none.
 */
export class TraceFile implements Disposable {
  private readonly descriptor: number
  private readonly isChrome: boolean
  private readonly originMs = performance.now()
  private events = 0

  /** @throws `file_unusable`. */
  constructor(readonly file: string) {
    this.isChrome = file.endsWith('.json')
    rejectNamedPipe(`--trace ${file}`, file)
    try {
      this.descriptor = openSync(file, 'w')
    } catch (error) {
      throw new NnError('file_unusable', `The trace ${file} cannot be written: ${systemReason(error)}.`, {cause: error})
    }
    if (this.isChrome) this.write('[')
  }

  add(call: TracedCall): void {
    const event = this.isChrome ? this.chromeEvent(call) : this.line(call)
    const separator = this.isChrome && this.events++ > 0 ? ',\n' : ''
    this.write(separator + JSON.stringify(event) + (this.isChrome ? '' : '\n'))
  }

  [Symbol.dispose](): void {
    if (this.isChrome) this.write(']\n')
    closeSync(this.descriptor)
  }

  private line({call, args, result, error, startMs, endMs}: TracedCall): object {
    return {
      time: new Date(performance.timeOrigin + startMs).toISOString(),
      start_ms: rounded(startMs - this.originMs),
      duration_ms: rounded(endMs - startMs),
      call,
      args,
      ...(result !== undefined && {result}),
      ...(error !== undefined && {error}),
    }
  }

  /** Calls of one context are in one row; those without a context in the first. */
  private chromeEvent({call, args, result, error, startMs, endMs}: TracedCall): object {
    return {
      name: call,
      cat: 'wasi-nn',
      ph: 'X',
      ts: Math.round((startMs - this.originMs) * 1000),
      dur: Math.round((endMs - startMs) * 1000),
      pid: process.pid,
      tid: typeof args.context === 'number' ? args.context + 1 : 0,
      args: {...args, ...(result !== undefined && {result}), ...(error !== undefined && {error})},
    }
  }

  private write(text: string): void {
    writeSync(this.descriptor, text)
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
