import type {ServerResponse} from 'node:http'
import type {HttpLimits} from './limits.js'

export interface EventStreamOptions {
  limits: HttpLimits
  headers: Record<string, string>
  /** First event of the stream. */
  first: string
  /** Called once, before anything is sent. */
  onOpen: () => void
  /** The client does not read. */
  onStalled: (reason: string) => void
}

/**
 * Server-sent events to one client. Events of the same moment are sent together. The unread data of a slow client is
 * limited in bytes and in time.
 */
export class EventStream {
  private pending = ''
  private opened = false
  private ended = false
  private quiet = true
  private readonly opening: NodeJS.Timeout
  private commenting: NodeJS.Timeout | undefined
  private stalling: NodeJS.Timeout | undefined

  constructor(
    private readonly response: ServerResponse,
    private readonly options: EventStreamOptions,
  ) {
    this.opening = setTimeout(() => this.open(), options.limits.openStreamMs)
  }

  /** Whether headers were sent; a failure cannot have a status then. */
  get isOpen(): boolean {
    return this.opened
  }

  /** @param event with the empty line that ends it */
  write(event: string): void {
    if (this.pending === '') queueMicrotask(() => this.flush())
    this.pending += event
  }

  end(event: string): void {
    this.pending += event
    this.flush()
    this.dispose()
    this.ended = true
    this.response.end()
    // The client may take as long for the rest as for any other part.
    if (!this.response.writableFinished && !this.response.destroyed) this.watch()
  }

  /** Stops all timers; nothing is sent after it. */
  dispose(): void {
    clearTimeout(this.opening)
    clearInterval(this.commenting)
    clearTimeout(this.stalling)
    this.stalling = undefined
  }

  private open(): void {
    if (this.opened) return
    this.opened = true
    clearTimeout(this.opening)
    const {onOpen, headers, first, limits} = this.options
    onOpen()
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      // Proxies such as nginx would buffer the events.
      'x-accel-buffering': 'no',
      ...headers,
    })
    this.response.write(first)
    this.commenting = setInterval(() => {
      if (this.quiet) this.send(': still here\n\n')
      this.quiet = true
    }, limits.commentMs)
  }

  private flush(): void {
    if (this.pending === '' || this.ended || this.response.destroyed) return
    this.open()
    this.quiet = false
    const events = this.pending
    this.pending = ''
    this.send(events)
  }

  private send(text: string): void {
    const {limits, onStalled} = this.options
    const taken = this.response.write(text)
    if (taken) return
    const pending = this.response.writableLength
    if (pending > limits.pendingBytes) onStalled(`it has not read ${pending} bytes`)
    else this.watch()
  }

  private watch(): void {
    if (this.stalling !== undefined) return
    const {limits, onStalled} = this.options
    const done = (): void => {
      clearTimeout(this.stalling)
      this.stalling = undefined
      this.response.off('drain', done).off('finish', done).off('close', done)
    }
    this.stalling = setTimeout(() => onStalled(`it has read nothing for ${limits.stalledMs} ms`), limits.stalledMs)
    this.response.once('drain', done).once('finish', done).once('close', done)
  }
}
