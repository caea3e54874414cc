import type {ServerResponse} from 'node:http'
import type {ContextId} from '../../backend/contract/backend.js'
import {NnError, toWire} from '../../errors.js'
import type {LocalBackend} from '../../backend/index.js'
import {decodeArguments, encode, encodeBytes} from '../codec.js'
import {eventNames, methods, type CallLine, type CallRequest, type MethodName, type MethodShape} from '../protocol.js'
import type {Client} from './client.js'
import {EventStream} from './call-stream.js'
import type {Hub} from './hub.js'

/** No status or answer is longer; a larger buffer is not made larger here. */
const maxBufferBytes = 256 * 1024 ** 2

/** Carries out one call; everything that can go wrong with it is its last line. */
export async function runCall(
  hub: Hub,
  backendId: string,
  method: string,
  request: CallRequest,
  response: ServerResponse,
): Promise<void> {
  const abort = new AbortController()
  const stop = (why: string) => () => abort.abort(new Error(why))
  const stream = new EventStream(response, stop('The client does not read what it asked for.'))
  // Once all is written it is no news that the connection closes.
  response.on('close', () => {
    if (!response.writableFinished) stop('The client is gone.')()
  })
  if (request.aborted === true) stop('The call was aborted by its caller.')()
  stream.end(await carryOut({hub, backendId, method, request, abort, stream}))
}

interface Call {
  hub: Hub
  backendId: string
  method: string
  request: CallRequest
  abort: AbortController
  stream: EventStream
}

async function carryOut(call: Call): Promise<CallLine> {
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
  throw new NnError('invalid_argument', `There is no method ${name}.`)
}

async function invoke(call: Call, client: Client, backend: LocalBackend, method: MethodName): Promise<CallLine> {
  const shape: MethodShape = methods[method]
  const args = decodeArguments(call.request.args, maxBufferBytes)
  if (shape.options !== undefined) args[shape.options] = withSignal(args[shape.options], call)
  const run = (): Promise<unknown> =>
    Promise.resolve((backend[method] as (...given: unknown[]) => unknown).apply(backend, args))
  const name = backend === call.hub.shared ? graphName(args, shape, method) : undefined
  const result = await (name === undefined ? run() : call.hub.names.holding(name, run))
  if (backend === call.hub.shared) await keep(client, method, args, result)
  const buffer = shape.buffer === undefined ? undefined : args[shape.buffer]
  if (!(buffer instanceof Uint8Array)) return {result: encode(result)}
  return {result, buffer: encodeBytes(buffer.subarray(0, Number(result)))}
}

/** The caller's options, with a signal and with callbacks where it listens. */
function withSignal(options: unknown, {abort, stream}: Call): object {
  const given = (typeof options === 'object' && options !== null ? options : {}) as Record<string, unknown>
  const callbacks = eventNames
    .filter((name) => given[name] === true)
    .map((name) => [name, (...args: unknown[]) => stream.event(name, args)])
  return {...given, ...(Object.fromEntries(callbacks) as object), signal: abort.signal}
}

function graphName(args: readonly unknown[], {options}: MethodShape, method: MethodName): string | undefined {
  if (!method.startsWith('load') || options === undefined) return undefined
  const {name} = args[options] as {name?: unknown}
  const own = name ?? (method === 'load' ? undefined : args[0])
  return typeof own === 'string' ? own : undefined
}

/** What has to go with the client. */
async function keep(client: Client, method: MethodName, args: readonly unknown[], result: unknown): Promise<void> {
  if (method === 'closeExecutionContext') client.contexts.delete(args[0] as ContextId)
  if (!method.startsWith('initExecutionContext')) return
  if (client.isGone) await client.closeContext(result as ContextId)
  else client.contexts.add(result as ContextId)
}
