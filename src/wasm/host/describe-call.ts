import type {FinishedCall} from './guest-host.js'
import {errnoName, errnos} from '../abi/numbers.js'
import type {NnFunction, NnRequest} from '../abi/messages.js'

/** Texts of a guest in messages and traces are cut here, in UTF-16 units. */
const longestText = 200

/** The name of the function that a guest called. */
function functionOf(request: NnRequest): NnFunction {
  return request.call === 'unreadable' ? request.function : request.call
}

/** The arguments of a call, decoded and short enough to read. */
function argumentsOf(request: NnRequest): Record<string, unknown> {
  const {call, ...args} = request
  if (call === 'unreadable') return {}
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, shown(value)]))
}

/** Whether a call failed in a way that a program does not expect in passing. */
export function isFailure({reply: {errno}}: FinishedCall): boolean {
  return errno !== errnos.success && errno !== errnos.end_of_sequence && errno !== errnos.too_large
}

/** One line about a call that failed. */
export function describeFailure({request, reply, error}: FinishedCall): string {
  const args = Object.entries(argumentsOf(request)).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  const reason = error === undefined ? '' : `: ${error.message}${error.hint === undefined ? '' : ` ${error.hint}`}`
  return `${functionOf(request)}(${args.join(', ')}) gave ${reply.errno} (${errnoName(reply.errno)})${reason}`
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return cut(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value !== 'object' || value === null) return value
  const {data, ...tensor} = value as {data?: Uint8Array}
  return {...tensor, ...(data !== undefined && {bytes: data.length, text: cut(Buffer.from(data).toString())})}
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}
