import {NnError} from '../../errors.js'
import type {WasmMemory} from '../webassembly.js'
import {GuestMemory} from './memory.js'
import type {GuestTensor, NnFunction, NnReply, NnRequest} from './messages.js'
import {errnoOf, errnos, type Errno} from './numbers.js'

/** Longest texts in bytes, so that no guest makes the host copy more than a model could use. */
const limits = {name: 65_536, config: 16 * 1024 * 1024}

/** A tensor has few dimensions; guests for language models send one. */
const mostDimensions = 64

/** How the arguments of a function become a request, and where its reply goes. */
interface AbiFunction {
  /** Number of parameters, all of them i32; JavaScript gets them signed. */
  parameters: number
  read: (memory: GuestMemory, args: readonly number[]) => NnRequest
  /** Writes what the call returned. Absent for a function that returns an errno only. */
  write?: (memory: GuestMemory, args: readonly number[], reply: NnReply) => void
}

const functions: Readonly<Record<NnFunction, AbiFunction>> = {
  load: {
    parameters: 5,
    read(memory, [address = 0, count = 0, encoding = 0, target = 0, out = 0]) {
      memory.check('graph', out, 4)
      return {call: 'load', builders: readBuilders(memory, address, count), encoding, target}
    },
    write: (memory, args, reply) => writeHandle(memory, args[4], reply),
  },
  load_by_name: {
    parameters: 3,
    read(memory, [address = 0, length = 0, out = 0]) {
      memory.check('graph', out, 4)
      return {call: 'load_by_name', name: readText(memory, 'name', address, length)}
    },
    write: (memory, args, reply) => writeHandle(memory, args[2], reply),
  },
  load_by_name_with_config: {
    parameters: 5,
    read(memory, [address = 0, length = 0, configAddress = 0, configLength = 0, out = 0]) {
      memory.check('graph', out, 4)
      return {
        call: 'load_by_name_with_config',
        name: readText(memory, 'name', address, length),
        config: readText(memory, 'config', configAddress, configLength),
      }
    },
    write: (memory, args, reply) => writeHandle(memory, args[4], reply),
  },
  init_execution_context: {
    parameters: 2,
    read(memory, [graph = 0, out = 0]) {
      memory.check('context', out, 4)
      return {call: 'init_execution_context', graph}
    },
    write: (memory, args, reply) => writeHandle(memory, args[1], reply),
  },
  set_input: {
    parameters: 3,
    read: (memory, [context = 0, index = 0, tensor = 0]) => ({
      call: 'set_input',
      context,
      index,
      tensor: readTensor(memory, tensor),
    }),
  },
  compute: {parameters: 1, read: (_memory, [context = 0]) => ({call: 'compute', context})},
  compute_single: {parameters: 1, read: (_memory, [context = 0]) => ({call: 'compute_single', context})},
  get_output: outputFunction('get_output'),
  get_output_single: outputFunction('get_output_single'),
  fini_single: {parameters: 1, read: (_memory, [context = 0]) => ({call: 'fini_single', context})},
  unload: {parameters: 1, read: (_memory, [graph = 0]) => ({call: 'unload', graph})},
  finalize_execution_context: {
    parameters: 1,
    read: (_memory, [context = 0]) => ({call: 'finalize_execution_context', context}),
  },
}

/** One call of a guest: reads the arguments at once, and writes what comes back into the memory of that time. */
export interface NnCall {
  request: NnRequest
  /** Writes the reply into the memory, and returns the errno for the guest. */
  finish: (reply: NnReply) => Errno
}

/** @param memory the guest's exported memory, `undefined` if it exports none */
export function beginCall(name: NnFunction, memory: WasmMemory | undefined, signed: readonly number[]): NnCall {
  if (memory === undefined) {
    return unreadable(name, errnos.missing_memory, 'The guest exports no memory with the name "memory".')
  }
  const {parameters, read, write} = functions[name]
  const args = Array.from({length: parameters}, (_, index) => (signed[index] ?? 0) >>> 0)
  const guest = new GuestMemory(memory)
  try {
    const request = read(guest, args)
    return {
      request,
      finish(reply) {
        try {
          write?.(guest, args, reply)
          return reply.errno
        } catch (error) {
          return errnoOf(error)
        }
      },
    }
  } catch (error) {
    return unreadable(name, errnoOf(error), (error as Error).message)
  }
}

function unreadable(name: NnFunction, errno: Errno, message: string): NnCall {
  return {request: {call: 'unreadable', function: name, errno, message}, finish: () => errno}
}

function outputFunction(call: 'get_output' | 'get_output_single'): AbiFunction {
  return {
    parameters: 5,
    read(memory, [context = 0, index = 0, buffer = 0, size = 0, written = 0]) {
      memory.check('buffer', buffer, size)
      memory.check('written', written, 4)
      return {call, context, index, size}
    },
    write(memory, [, , buffer = 0, , written = 0], {bytes, value}) {
      if (bytes !== undefined) memory.writeBytes('buffer', buffer, bytes)
      // Also the size that is needed, when the buffer was too small.
      const count = bytes?.length ?? value
      if (count !== undefined) memory.writeU32('written', written, count)
    },
  }
}

function writeHandle(memory: GuestMemory, address = 0, {errno, value}: NnReply): void {
  if (errno === errnos.success && value !== undefined) memory.writeU32('handle', address, value)
}

/** Graph builders: pairs of an address and a length. */
function readBuilders(memory: GuestMemory, address: number, count: number): Uint8Array[] {
  memory.check('graph builders', address, count * 8)
  if (count < 1 || count > 2) {
    throw new NnError(
      'invalid_argument',
      `Got ${count} graph builders; expected 1 (the model) or 2 (the model and its configuration).`,
    )
  }
  return Array.from({length: count}, (_, index) => {
    const what = `graph builder ${index}`
    const from = memory.readU32(what, address + index * 8)
    return memory.readBytes(what, from, memory.readU32(what, address + index * 8 + 4))
  })
}

/** The 20 bytes of a tensor. The type is one byte: some guests leave the three after it undefined. */
function readTensor(memory: GuestMemory, address: number): GuestTensor {
  memory.check('tensor', address, 20)
  const dimensionsAt = memory.readU32('dimensions', address)
  const count = memory.readU32('dimensions', address + 4)
  memory.check('dimensions', dimensionsAt, count * 4)
  if (count > mostDimensions) {
    throw new NnError('invalid_argument', `The tensor has ${count} dimensions; at most ${mostDimensions} are allowed.`)
  }
  const dimensions = Array.from({length: count}, (_, index) => memory.readU32('dimensions', dimensionsAt + index * 4))
  const type = memory.readU8('tensor type', address + 8)
  const dataAt = memory.readU32('data', address + 12)
  return {dimensions, type, data: memory.readBytes('data', dataAt, memory.readU32('data', address + 16))}
}

function readText(memory: GuestMemory, what: 'name' | 'config', address: number, length: number): string {
  memory.check(what, address, length)
  if (length > limits[what]) {
    throw new NnError('too_large', `The ${what} has ${length} bytes; at most ${limits[what]} are allowed.`)
  }
  return memory.readText(what, address, length)
}
