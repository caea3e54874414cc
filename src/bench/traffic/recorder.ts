import type {Clock} from '../../system/clock.js'
import {atOnceMs} from '../piece-times.js'
import type {Target} from '../target.js'
import type {Exchange, TrafficRequest} from './exchange.js'

interface Waiter {
  holds: () => boolean
  resolve: () => void
  reject: (error: unknown) => void
}

/** Sends requests to one target and records what comes back. A failed request is recorded, not thrown. */
export class Recorder {
  readonly exchanges: Exchange[] = []
  private readonly stopping = new AbortController()
  private readonly running = new Set<Promise<unknown>>()
  private waiters: Waiter[] = []

  constructor(
    private readonly target: Pick<Target, 'complete'>,
    readonly clock: Clock,
    readonly signal: AbortSignal,
  ) {}

  /** The measurement is over: nothing more is to be sent. */
  get stopped(): boolean {
    return this.stopping.signal.aborted
  }

  /** Resolves when the request has ended. @throws the signal's reason */
  send(request: TrafficRequest, scheduledMs = this.clock.now()): Promise<Exchange> {
    return this.start(request, scheduledMs).ended
  }

  /** As `send`, and gives what is recorded while the request runs. */
  start(request: TrafficRequest, scheduledMs = this.clock.now()): {exchange: Exchange; ended: Promise<Exchange>} {
    const exchange: Exchange = {
      request,
      scheduledMs,
      sentMs: this.clock.now(),
      endedMs: undefined,
      arrivals: [],
      text: '',
      outcome: {kind: 'running'},
    }
    this.exchanges.push(exchange)
    const running = this.complete(exchange)
    this.running.add(running)
    const forget = (): void => void this.running.delete(running)
    running.then(forget, forget)
    return {exchange, ended: running}
  }

  /** Records a request that could not be sent. */
  fail(request: TrafficRequest, error: Error): void {
    const now = this.clock.now()
    this.exchanges.push({
      request,
      scheduledMs: now,
      sentMs: now,
      endedMs: now,
      arrivals: [],
      text: '',
      outcome: {kind: 'failed', error},
    })
  }

  /**
   * Resolves once the condition holds. It is checked when text arrives and when a request ends.
   *
   * @throws what the condition throws, and the signal's reason
   */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiters.push({holds, resolve, reject})
      this.check()
    })
  }

  /** Aborts what is unfinished, and resolves when nothing runs. */
  async stop(): Promise<void> {
    this.stopping.abort()
    while (this.running.size > 0) await Promise.allSettled([...this.running])
    this.signal.throwIfAborted()
  }

  private async complete(exchange: Exchange): Promise<Exchange> {
    const signal = AbortSignal.any([this.signal, this.stopping.signal])
    try {
      const onText = (text: string): void => this.receive(exchange, text)
      const completion = await this.target.complete({...exchange.request, signal, onText})
      exchange.outcome = {kind: 'completed', completion}
    } catch (error) {
      this.signal.throwIfAborted()
      exchange.outcome = this.stopped
        ? {kind: 'aborted'}
        : {kind: 'failed', error: error instanceof Error ? error : new Error(String(error))}
    } finally {
      exchange.endedMs = this.clock.now()
      this.check()
    }
    return exchange
  }

  private receive(exchange: Exchange, text: string): void {
    const atMs = this.clock.now()
    exchange.text += text
    const last = exchange.arrivals.at(-1)
    if (last !== undefined && atMs - last.atMs < atOnceMs) last.pieces += 1
    else exchange.arrivals.push({atMs, pieces: 1})
    this.check()
  }

  private check(): void {
    this.waiters = this.waiters.filter(({holds, resolve, reject}) => {
      try {
        this.signal.throwIfAborted()
        if (!holds()) return true
        resolve()
      } catch (error) {
        reject(error)
      }
      return false
    })
  }
}
