import http from 'node:http'
import type {Duplex} from 'node:stream'
import {text} from 'node:stream/consumers'
import {logFile} from '../log-file.js'
import {socketPath, whyNotRuntime} from '../socket-path.js'
import {checkOwnFolder} from '../../system/own-folder.js'
import {connectSocket} from '../../system/connect-socket.js'
import {fromWire, NnError, type WireError} from '../../errors.js'

/** Connects to a socket with a path of any length and reuses connections. */
class SocketAgent extends http.Agent {
  constructor(private readonly socket: string) {
    super({keepAlive: true})
  }

  override createConnection(_options: object, done: (error: Error | null, connection?: Duplex) => void): undefined {
    connectSocket(this.socket).then(
      (connection) => done(null, connection),
      (error: unknown) => done(error as Error),
    )
  }
}

/** HTTP to the daemon that listens on a socket. It loads nothing but Node's own modules. */
export class DaemonConnection {
  private readonly agent: SocketAgent

  /** @throws `security` for a socket in a folder that others may write to. */
  constructor(readonly socket: string) {
    checkOwnFolder(socket)
    this.agent = new SocketAgent(socket)
  }

  /** @throws `not_running` if no daemon listens, `runtime_error` if the daemon ends, the signal's reason. */
  async json<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object, signal?: AbortSignal): Promise<T> {
    const response = await this.send(method, path, body, signal)
    try {
      const answer = JSON.parse(await text(response)) as T & {error?: WireError}
      if (answer.error !== undefined) throw fromWire(answer.error)
      return answer
    } catch (error) {
      throw this.explain(error, signal)
    }
  }

  /** The head of the response; the caller reads the body. */
  send(method: string, path: string, body?: object | string, signal?: AbortSignal): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = http.request({
        ...{method, path, agent: this.agent},
        ...(body !== undefined && {headers: {'content-type': 'application/json'}}),
        ...(signal !== undefined && {signal}),
      })
      request.on('response', resolve)
      request.on('error', (error) => reject(this.explain(error, signal)))
      request.end(typeof body === 'object' ? JSON.stringify(body) : body)
    })
  }

  /** What a failure of the connection means. */
  explain(error: unknown, signal?: AbortSignal): Error {
    if (signal?.aborted === true) return signal.reason as Error
    if (error instanceof NnError) return error
    const {code, message} = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return notRunning(this.socket)
    if (code === 'EACCES') return new NnError('security', `${this.socket} belongs to another user.`, {cause: error})
    // System error codes of a closed connection add no information.
    const detail = code === 'EPIPE' || code === 'ECONNRESET' ? '.' : `: ${message}`
    return new NnError('connection_lost', `The daemon on ${this.socket} ended or closed the connection${detail}`, {
      hint: `Check with wnn status whether a daemon runs; wnn load starts one. Its last messages may be in ${logFile(this.socket)}.`,
      cause: error,
    })
  }

  close(): void {
    this.agent.destroy()
  }
}

function notRunning(socket: string): NnError {
  // It may listen where the socket would be otherwise.
  const why = socket === socketPath(undefined) ? whyNotRuntime() : undefined
  return new NnError('not_running', `No daemon listens on ${socket}.`, {
    hint: `${why === undefined ? '' : `${why} `}Start one with wnn load model.gguf or wnn serve.`,
  })
}
