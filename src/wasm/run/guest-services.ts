import {setTimeout as delay} from 'node:timers/promises'
import {longestTimerMs} from '../../system/clock.js'
import type {HostReply, HostRequest} from '../bridge/protocol.js'
import type {GuestHost} from '../host/guest-host.js'
import type {GuestInput} from './guest-input.js'

/** Why the host ended a guest. */
export type Stop = 'timeout' | 'output' | 'input' | 'interrupted'

export interface GuestOutput {
  /** Resolves when the bytes were accepted. */
  write(bytes: Uint8Array): Promise<void>
}

export interface ServiceOptions {
  host: GuestHost
  input: GuestInput
  stdout: GuestOutput
  stderr: GuestOutput
  /** Bytes on standard output and error together. */
  maxOutputBytes: number
  /** Ends the guest. */
  stop: (why: Stop) => void
  /** Aborted when the guest has ended. */
  signal: AbortSignal
}

/**
 * A guest that reads the end of its input this often, without a call of WASI-NN in between, would do so for ever. Each
 * prompt that it writes before counts as ten.
 */
const mostEnds = 100
const endsPerPrompt = 10

/** What the host does for a guest besides WASI-NN, and the limits of it. */
export class GuestServices {
  private written = 0
  private ends = 0
  private hasWritten = false

  constructor(private readonly options: ServiceOptions) {}

  async answer(request: HostRequest): Promise<HostReply> {
    switch (request.kind) {
      case 'nn':
        this.ends = 0
        return {kind: 'nn', reply: await this.options.host.handle(request.request)}
      case 'write':
        this.hasWritten = true
        await this.write(request.fd, request.bytes)
        return {kind: 'write'}
      case 'read':
        return {kind: 'read', bytes: await this.read(request.size)}
      case 'poll':
        return {kind: 'poll', stdin: await this.poll(request)}
    }
  }

  async write(fd: 1 | 2, bytes: Uint8Array): Promise<void> {
    const {stdout, stderr, maxOutputBytes, stop} = this.options
    const room = Math.max(0, maxOutputBytes - this.written)
    this.written += bytes.length
    await (fd === 1 ? stdout : stderr).write(bytes.length > room ? bytes.subarray(0, room) : bytes)
    if (bytes.length > room) stop('output')
  }

  private async read(size: number): Promise<Uint8Array> {
    const bytes = size === 0 ? new Uint8Array() : await this.options.input.read(size, this.options.signal)
    if (bytes.length > 0) this.ends = 0
    else if (size > 0) this.countEnd()
    return bytes
  }

  private countEnd(): void {
    this.ends += this.hasWritten ? endsPerPrompt : 1
    this.hasWritten = false
    if (this.ends >= mostEnds) this.options.stop('input')
  }

  /** Whether standard input is ready. */
  private async poll({stdin, timeoutMs}: HostRequest & {kind: 'poll'}): Promise<boolean> {
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.options.signal])
    const timer = timeoutMs === undefined ? [] : [sleep(timeoutMs, signal).then(() => false)]
    const input = stdin ? [this.options.input.ready(signal).then(() => true)] : []
    try {
      return await Promise.race([...input, ...timer])
    } finally {
      over.abort()
    }
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= longestTimerMs) {
    await delay(Math.min(Math.ceil(left), longestTimerMs), undefined, {signal})
  }
}
