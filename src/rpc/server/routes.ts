import type {Socket} from 'node:net'
import os from 'node:os'
import type {FastifyInstance, FastifyReply} from 'fastify'
import {NnError, reasons, toWire} from '../../errors.js'
import type {PrivateOptions} from '../client/remote-core.js'
import type {CallRequest} from '../protocol.js'
import {statusTypes, type BackendStatus, type StatusType} from '../../backend/contract/status.js'
import {checkObject} from '../../backend/contract/arguments.js'
import {runCall} from './calls.js'
import type {Hub} from './hub.js'
import type {DaemonStatus} from '../daemon-status.js'

export interface RouteOptions {
  hub: Hub
  describe: () => DaemonStatus
  /** Stops the daemon; the connection stays open until it has ended. */
  stop: (now: boolean, connection: Socket) => void
}

interface BackendRequest extends PrivateOptions {
  client: string
  /** The client's working directory. */
  folder: string
}

/** The routes on the daemon's socket. */
export function addRoutes(app: FastifyInstance, options: RouteOptions): void {
  const {hub} = options
  app.setErrorHandler((error, _request, reply) => {
    const wire = toWire(hub.failure(error))
    return reply.code(reasons[wire.reason].status).send({error: wire})
  })
  app.setNotFoundHandler(({method, url}) => {
    throw new NnError(
      'unsupported_operation',
      `The daemon does not support ${method} ${url}. It may be of another version.`,
    )
  })

  app.post('/rpc/clients', (_request, reply) => lease(hub, reply))
  app.delete<{Params: {client: string}}>('/rpc/clients/:client', async ({params}) => {
    const client = hub.clients.get(params.client)
    if (client !== undefined) await hub.release(client)
    return {}
  })

  app.post<{Body: BackendRequest}>('/rpc/backends', async ({body: {client, ...options}}) => {
    return {backend: await hub.addBackend(hub.client(client), options)}
  })
  app.post<{Params: {backend: string; method: string}; Body: CallRequest}>(
    '/rpc/backends/:backend/:method',
    async ({params, body}, reply) => {
      checkObject('body', body)
      reply.hijack()
      await runCall(hub, params.backend, params.method, body, reply.raw)
    },
  )
  app.post<{Params: {call: string}}>('/rpc/calls/:call/abort', ({params}) => {
    hub.abort(params.call)
    return Promise.resolve({})
  })

  app.get<{Querystring: {types?: string}}>('/status', async ({query}) => {
    const types =
      query.types === undefined ? statusTypes : (query.types.split(',').filter((type) => type !== '') as StatusType[])
    // First, so that a disconnected client no longer appears in the reports.
    const daemon = options.describe()
    const reports = await Promise.all(types.map(async (type) => [type, await hub.shared.status(type)] as const))
    return {daemon, ...(Object.fromEntries(reports) as Partial<BackendStatus>)}
  })
  app.post<{Body: {model: string}}>('/unload', async ({body}) => {
    const {graph, name} = await hub.names.find(body.model)
    await hub.shared.unload(graph)
    return {graph, name}
  })
  app.post<{Body: {now?: boolean}}>('/stop', (request, reply) => {
    const {body} = request
    reply.hijack()
    reply.raw.writeHead(200, {'content-type': 'application/x-ndjson'}).write(`${JSON.stringify(options.describe())}\n`)
    options.stop(body.now === true, request.raw.socket)
    return reply
  })
}

function lease(hub: Hub, reply: FastifyReply): FastifyReply {
  const client = hub.addClient()
  const greeting = {client: client.id, pid: process.pid, temporaryFolder: os.tmpdir()}
  reply.hijack()
  reply.raw.on('close', () => {
    // The backend logs errors of closing; there is no client to report them to.
    hub.release(client).catch((error: unknown) => process.emitWarning(String(error)))
  })
  reply.raw.writeHead(200, {'content-type': 'application/x-ndjson'}).write(`${JSON.stringify(greeting)}\n`)
  return reply
}
