import type {Readable} from 'node:stream'
import {fromWire, NnError} from '../../errors.js'
import {decode, encodeArguments} from '../codec.js'
import type {DaemonConnection} from './connection.js'
import {eventNames, methods, type CallLine, type EventName, type MethodName} from '../protocol.js'

type Listeners = Partial<Record<EventName, (...args: unknown[]) => void>>

/** Runs one call in the daemon and passes on its events. @throws errors of the method, and `not_running`. */
export async function sendCall(
  connection: DaemonConnection,
  backend: string,
  method: MethodName,
  args: readonly unknown[],
  {client, call}: {client: string; call: string},
): Promise<unknown> {
  const shape = methods[method]
  const {signal, listeners} = optionsOf(shape.options === undefined ? undefined : args[shape.options])
  const aborted = signal?.aborted === true
  const request = serialize(method, args, {client, call, aborted})
  // The request is not destroyed, because an aborted call still returns its answer.
  const abort = (): void => void connection.json('POST', `/rpc/calls/${call}/abort`).catch(() => undefined)
  if (!aborted) signal?.addEventListener('abort', abort, {once: true})
  let thrown: NnError | undefined
  let last: Exclude<CallLine, {event: EventName}> | undefined
  try {
    // Read to the end, so that the connection can be reused.
    for await (const line of linesOf(await connection.send('POST', `/rpc/backends/${backend}/${method}`, request))) {
      const message = JSON.parse(line) as CallLine
      if (!('event' in message)) last = message
      else if (thrown === undefined) {
        thrown = emit(listeners, message)
        if (thrown !== undefined) abort()
      }
    }
  } catch (error) {
    throw connection.explain(error)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  if (thrown !== undefined) throw thrown
  if (last === undefined) throw connection.explain(new Error('the answer is incomplete.'))
  if ('error' in last) throw last.aborted === true ? signal?.reason : fromWire(last.error)
  return decode(last.result)
}

function serialize(method: MethodName, args: readonly unknown[], call: object): string {
  try {
    return JSON.stringify({...call, args: encodeArguments(args, methods[method])})
  } catch (error) {
    // Values without JSON are not valid arguments. Reading one may throw anything: a getter, or a proxy.
    throw new NnError('invalid_argument', `The arguments cannot be sent: ${(error as Error).message}`, {cause: error})
  }
}

function optionsOf(value: unknown): {signal: AbortSignal | undefined; listeners: Listeners} {
  const options = (typeof value === 'object' && value !== null ? value : {}) as Listeners & {signal?: AbortSignal}
  return {signal: options.signal, listeners: options}
}

/** A caller's callback that throws ends only its own call. */
function emit(listeners: Listeners, {event, args}: {event: EventName; args: unknown[]}): NnError | undefined {
  try {
    if (eventNames.includes(event)) listeners[event]?.(...args)
    return undefined
  } catch (error) {
    return new NnError('runtime_error', `${event} failed: ${String(error)}`, {cause: error})
  }
}

/** The lines of a text stream, each as soon as it is complete; an incomplete last line is dropped. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8')
  let pieces: string[] = []
  for await (const chunk of stream as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n')
    pieces.push(first)
    for (const next of others) {
      yield pieces.join('')
      pieces = [next]
    }
  }
}
