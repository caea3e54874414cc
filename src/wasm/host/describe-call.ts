import type {TracedCall} from '../../system/trace-file.js'
import {tracedValue} from '../../system/traced-value.js'
import type {NnFunction, NnRequest} from '../abi/messages.js'
import {errnoName, errnos} from '../abi/numbers.js'
import type {FinishedCall} from './guest-host.js'

/** A call as a trace has it. */
export function tracedCall({request, reply, error, startMs, endMs}: FinishedCall): TracedCall {
  const {errno, value, bytes} = reply
  const text = bytes === undefined ? {} : {bytes: bytes.length, text: tracedValue(Buffer.from(bytes).toString())}
  return {
    call: functionOf(request),
    args: argumentsOf(request),
    result: {errno, name: errnoName(errno), ...(value !== undefined && {value}), ...text},
    ...(error !== undefined && {error: {code: error.code, reason: error.reason, message: error.message}}),
    startMs,
    endMs,
  }
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

/** The name of the function that a guest called. */
function functionOf(request: NnRequest): NnFunction {
  return request.call === 'unreadable' ? request.function : request.call
}

/** The arguments of a call, decoded and short enough to read. */
function argumentsOf(request: NnRequest): Record<string, unknown> {
  const {call, ...args} = request
  return call === 'unreadable' ? {} : (tracedValue(args) as Record<string, unknown>)
}
