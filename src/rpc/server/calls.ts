import type {ServerResponse} from 'node:http'
import type {OpenConversation} from '../../backend/contract/core.js'
import type {ContextId} from '../../backend/contract/types.js'
import {NnError, toWire} from '../../errors.js'
import type {LocalCore} from '../../backend/index.js'
import {decodeArguments, encode} from '../codec.js'
import {eventNames, methods, type CallLine, type CallRequest, type MethodName, type MethodShape} from '../protocol.js'
import type {Client} from './client.js'
import {CallStream} from './call-stream.js'
import type {Hub} from './hub.js'

/** Runs one call; its last line has the result or the error. */
export async function runCall(
  hub: Hub,
  backendId: string,
  method: string,
  request: CallRequest,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController()
  const stop = (why: string) => () => abort.abort(new Error(why))
  const stream = new CallStream(response, stop('The client does not read its answers.'))
  // After everything is written, closing the connection is expected.
  response.on('close', () => {
    if (!response.writableFinished) stop('The client has disconnected.')()
  })
  if (request.aborted === true) stop('The caller aborted the call.')()
  stream.end(await execute({hub, backendId, method, request, abort, stream}))
}

interface Call {
  hub: Hub
  backendId: string
  method: string
  request: CallRequest
  abort: AbortController
  stream: CallStream
}

async function execute(call: Call): Promise<CallLine> {
  const {hub, request, abort, backendId} = call
  let ended: () => void = () => undefined
  try {
    const client = hub.client(request.client)
    const method = methodOf(call.method)
    if (methods[method].starts === true) hub.checkOpen()
    const backend = backendId === 'main' ? hub.shared : client.backends.get(backendId)
    if (backend === undefined) throw new NnError('invalid_argument', `There is no backend ${backendId}.`)
    client.calls.set(request.call, {abort, ended: new Promise((resolve) => (ended = resolve))})
    return await invoke(call, client, backend, method)
  } catch (error) {
    return {error: toWire(error), ...(abort.signal.aborted && error === abort.signal.reason && {aborted: true})}
  } finally {
    hub.clients.get(request.client)?.calls.delete(request.call)
    ended()
  }
}

function methodOf(name: string): MethodName {
  if (Object.hasOwn(methods, name)) return name as MethodName
  throw new NnError('unsupported_operation', `The daemon has no method ${name}; it is of another version.`, {
    hint: 'Stop it with wnn stop, and start it again.',
  })
}

async function invoke(call: Call, client: Client, backend: LocalCore, method: MethodName): Promise<CallLine> {
  const shape: MethodShape = methods[method]
  const args = decodeArguments(call.request.args)
  if (shape.options !== undefined) args[shape.options] = withSignal(args[shape.options], call)
  const run = (): Promise<unknown> =>
    Promise.resolve((backend[method] as (...given: unknown[]) => unknown).apply(backend, args))
  const name = backend === call.hub.shared && method === 'load' ? graphName(args) : undefined
  const result = await (name === undefined ? run() : call.hub.names.holding(name, run))
  if (backend === call.hub.shared) await keep(client, method, args, result)
  return {result: encode(result)}
}

/** The caller's options, with a signal and with callbacks for the events that it wants. */
function withSignal(options: unknown, {abort, stream}: Call): object {
  const given = (typeof options === 'object' && options !== null ? options : {}) as Record<string, unknown>
  const callbacks = eventNames
    .filter((name) => given[name] === true)
    .map((name) => [name, (...args: unknown[]) => stream.event(name, args)])
  return {...given, ...(Object.fromEntries(callbacks) as object), signal: abort.signal}
}

/** The name that a load gives its graph. */
function graphName([source, options]: readonly unknown[]): string | undefined {
  const name = (options as {name?: unknown}).name ?? (source as {name?: unknown} | undefined)?.name
  return typeof name === 'string' ? name : undefined
}

/** Registers what must be closed with the client. */
async function keep(client: Client, method: MethodName, args: readonly unknown[], result: unknown): Promise<void> {
  if (method === 'close') client.contexts.delete(args[0] as ContextId)
  if (method !== 'open') return
  const {conversation} = result as OpenConversation
  if (client.isGone) await client.closeContext(conversation)
  else client.contexts.add(conversation)
}
