import {addAbortListener} from 'node:events'
import {fromWire, type NnError} from '../../../../errors.js'
import type {ChatMessage} from '../../protocol.js'
import type {RenderedText} from '../prompt/chat-template.js'
import {fatalTemplate, isForeign, noRenderer, silentRenderer} from './failures.js'
import {renderLimits} from './limits.js'
import type {FromRenderer, RendererSetup, RenderRequest} from './messages.js'
import {RendererProcess, type Ended} from './renderer-process.js'

/** An abandoned rendering may still finish in this time: a new process costs more than a usual rendering. Milliseconds. */
const abandonedMs = 250

/** A process that holds more than this between two renderings is replaced, in bytes. It usually has 60 MB. */
const mostIdleBytes = 256 * 1024 * 1024

/** The process watches its own limits. One that has not answered after this many times its CPU time is stopped. */
const silentFactor = 12

interface Waiting extends RenderRequest {
  resolve: (chat: RenderedText) => void
  reject: (error: Error) => void
  /** Times that a process was ended from outside meanwhile. */
  tries: number
  isAbandoned: boolean
}

/**
 * Renders conversations with a model's chat template in a process of its own. Templates are programs by the authors of
 * files: they may loop, take all memory, or end the process. Then only the request that was rendered fails, and a new
 * process starts.
 */
export class TemplateRenderer {
  private process: RendererProcess | undefined
  private setup: RendererSetup | undefined
  private running: {request: Waiting; timer: NodeJS.Timeout; isSilent: boolean} | undefined
  private readonly queue: Waiting[] = []
  private lastId = 0

  /** @param limitsOf what rendering a conversation may take; defaults to `renderLimits` */
  constructor(private readonly limitsOf = renderLimits) {}

  /** Starts the process, so that the first conversation does not wait for it. Without this, the first one starts it. */
  start(): void {
    if (this.process !== undefined) return
    const started = new RendererProcess(
      // The last words of one that was replaced are about nobody's request.
      (message) => this.process === started && this.hear(message),
      (how) => this.lose(started, how),
    )
    this.process = started
    if (this.setup !== undefined) started.send({type: 'setup', setup: this.setup})
  }

  /** The template, and what it needs of the model; must come before the first conversation. */
  prepare(setup: RendererSetup): void {
    this.setup = setup
    this.process?.send({type: 'setup', setup})
  }

  /** Ends the process. */
  end(): void {
    const old = this.process
    this.process = undefined
    old?.kill()
  }

  /** The running process, if there is one. */
  get pid(): number | undefined {
    return this.process?.pid
  }

  /**
   * One conversation after the other.
   * @throws as `renderChat`; `invalid_template` when the template reaches a limit or ends its process; the signal's
   * reason.
   */
  render(
    messages: readonly ChatMessage[],
    variables: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<RenderedText> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const listener = signal && addAbortListener(signal, () => this.abandon(request, signal.reason))
      const request: Waiting = {
        type: 'render',
        id: ++this.lastId,
        // The tokens of answers stay here.
        messages: messages.map(({role, content}) => ({role, content})),
        variables,
        limits: this.limitsOf(messages, variables),
        tries: 0,
        isAbandoned: false,
        resolve: (chat) => {
          listener?.[Symbol.dispose]()
          resolve(chat)
        },
        reject: (error) => {
          listener?.[Symbol.dispose]()
          reject(error)
        },
      }
      this.queue.push(request)
      this.next()
    })
  }

  private next(): void {
    if (this.running !== undefined) return
    const request = this.queue.shift()
    if (request === undefined) return
    this.start()
    const {type, id, messages, variables, limits} = request
    const running = {
      request,
      isSilent: false,
      timer: setTimeout(() => {
        running.isSilent = true
        this.process?.kill()
      }, silentFactor * limits.cpuMs).unref(),
    }
    this.running = running
    this.process?.send({type, id, messages, variables, limits})
  }

  private hear(message: FromRenderer): void {
    if (this.running?.request.id !== message.id) return
    const request = this.finish()
    if (request === undefined) return
    if (message.type === 'rendered') request.resolve(message.chat)
    else request.reject(fromWire(message.error))
    if (message.memoryBytes > mostIdleBytes) this.replace()
    this.next()
  }

  private finish(): Waiting | undefined {
    const request = this.running?.request
    clearTimeout(this.running?.timer)
    this.running = undefined
    return request
  }

  /** Ends a process that is not needed; what is asked next goes to a new one. */
  private replace(): void {
    this.end()
    this.start()
  }

  /** The process has ended. */
  private lose(ended: RendererProcess, how: Ended): void {
    if (this.process !== ended) return
    this.process = undefined
    const isSilent = this.running?.isSilent === true
    const request = this.finish()
    if (request !== undefined) this.fail(request, how, isSilent, ended.hasAnswered)
    // One that cannot be started is tried again when it is needed.
    if (ended.hasAnswered || request !== undefined) this.start()
    this.next()
  }

  private fail(request: Waiting, how: Ended, isSilent: boolean, hasAnswered: boolean): void {
    if (request.isAbandoned) return
    if (isSilent) request.reject(silentRenderer(request.limits, silentFactor))
    else if (isForeign(how) && request.tries++ === 0) this.queue.unshift(request)
    else request.reject(errorOf(request, how, hasAnswered))
  }

  private abandon(request: Waiting, reason: unknown): void {
    const at = this.queue.indexOf(request)
    if (at >= 0) this.queue.splice(at, 1)
    request.isAbandoned = true
    request.reject(reason as Error)
    if (this.running?.request !== request) return
    setTimeout(() => {
      if (this.running?.request !== request) return
      this.finish()
      this.replace()
      this.next()
    }, abandonedMs).unref()
  }
}

function errorOf({limits}: Waiting, how: Ended, hasAnswered: boolean): NnError {
  const neverRan = how.cause !== undefined || (!hasAnswered && how.signal === null)
  return neverRan ? noRenderer(how, how.stderr, how.cause) : fatalTemplate(how, limits)
}
