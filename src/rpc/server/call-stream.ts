import type {ServerResponse} from 'node:http'
import type {CallLine, EventName} from '../protocol.js'

type Event = Extract<CallLine, {event: EventName}>

/** How much text waits for a client that does not read; past that it is not going to. */
const mostWaiting = 8 * 1024 ** 2

/**
 * Lines of JSON to a client. While it is slow to read, pieces of text become one and of progress the last counts, so
 * that what waits is no longer than the answer.
 */
export class CallStream {
  private waiting: Event[] = []
  private isFull = false

  constructor(
    private readonly response: ServerResponse,
    /** Called when more waits than is reasonable. */
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
