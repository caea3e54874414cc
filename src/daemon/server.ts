import http from 'node:http'
import type {Socket} from 'node:net'
import fastify from 'fastify'
import {bindSocket, type BoundSocket} from '../system/bind-socket.js'
import {addRoutes, type RouteOptions} from '../rpc/server/routes.js'

/** Model bytes come as base64 in one text; longer ones Node cannot hold. Files are loaded by their path. */
const maxBodyBytes = 500 * 1024 ** 2

/**
 * HTTP on a unix socket. The socket is bound first, because it is the lock between daemons: connections wait until the
 * daemon is ready.
 */
export class SocketServer {
  private readonly connections = new Set<Socket>()
  private answer: (connection: Socket) => void = () => undefined
  private readonly ready: Promise<void>
  private open: () => void = () => undefined

  private constructor(private bound: BoundSocket | undefined) {
    this.ready = new Promise((resolve) => (this.open = resolve))
  }

  /** @throws `invalid_argument` when a daemon has the socket. */
  static async bind(socket: string): Promise<SocketServer> {
    const server = new SocketServer(undefined)
    const taken = `A daemon is listening on ${socket} already.`
    server.bound = await bindSocket(socket, (connection) => server.accept(connection), taken)
    server.bound.server.ref()
    return server
  }

  /** From here on connections are answered. */
  async serve(options: RouteOptions): Promise<void> {
    const app = fastify({
      bodyLimit: maxBodyBytes,
      serverFactory: (handler) => {
        const server = http.createServer({requestTimeout: 0, keepAliveTimeout: 0}, handler)
        this.answer = (connection) => void server.emit('connection', connection)
        return server
      },
    })
    addRoutes(app, options)
    await app.ready()
    this.open()
  }

  /** A connection whose end signals the end of the process; it does not keep the process alive. */
  keepToTheEnd(connection: Socket): void {
    connection.unref()
    this.connections.delete(connection)
  }

  /** Removes the socket and closes all connections except those that wait for the end. */
  close(): void {
    // New connections fail at once; it resolves when the last connection has closed.
    void this.bound?.[Symbol.asyncDispose]()
    for (const connection of this.connections) connection.destroy()
  }

  private accept(connection: Socket): void {
    this.connections.add(connection)
    connection.on('close', () => this.connections.delete(connection))
    void this.ready.then(() => this.answer(connection))
  }
}
