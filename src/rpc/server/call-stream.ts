import type {ServerResponse} from 'node:http'
import type {CallLine, EventName} from '../protocol.js'

type Event = Extract<CallLine, {event: EventName}>

/** Maximum unread text of a client; above it, the client counts as gone. */
const mostWaiting = 8 * 1024 ** 2

/**
 * JSON lines to a client. While it reads slowly, text pieces are merged and only the last progress is kept, so that the
 * buffer is no longer than the answer.
 */
export class CallStream {
  private waiting: Event[] = []
  private isFull = false

  constructor(
    private readonly response: ServerResponse,
    /** Called when too much is unread. */
    private readonly onStuck: () => void,
  ) {
    response.writeHead(200, {'content-type': 'application/x-ndjson'})
    response.on('drain', () => this.flush())
  }

  event(name: EventName, args: unknown[]): void {
    if (!this.isFull) this.write({event: name, args})
    else if (!this.merge(name, args)) this.waiting.push({event: name, args})
  }

  /** The last line. */
  end(line: CallLine): void {
    this.flush(true)
    this.write(line)
    this.response.end()
  }

  private merge(name: EventName, args: unknown[]): boolean {
    const last = this.waiting.at(-1)
    if (last?.event !== name) return false
    if (name === 'onProgress') last.args = args
    else if (name === 'onText') last.args = [String(last.args[0]) + String(args[0])]
    else return false
    if (String(last.args[0]).length > mostWaiting) this.onStuck()
    return true
  }

  private flush(all = false): void {
    this.isFull = false
    const events = this.waiting
    this.waiting = []
    for (const {event, args} of events) {
      if (all) this.write({event, args})
      else this.event(event, args)
    }
  }

  private write(line: CallLine): void {
    if (!this.response.destroyed) this.isFull = !this.response.write(`${JSON.stringify(line)}\n`)
  }
}
