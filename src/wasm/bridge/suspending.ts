import {beginCall} from '../abi/functions.js'
import {nnFunctions, type NnFunction, type NnReply, type NnRequest} from '../abi/messages.js'
import type {WasmMemory} from '../webassembly.js'

/** A function of the ABI on the thread of the backend. The promise has the errno. */
export type AsyncFunction = (...args: number[]) => Promise<number>

/**
 * The functions of the ABI as asynchronous ones, for a guest that can be suspended, or for a memory without a guest.
 *
 * @param memory the guest's memory at the time of a call; `undefined` if it exports none
 */
export function asyncFunctions(
  perform: (request: NnRequest) => Promise<NnReply>,
  memory: () => WasmMemory | undefined,
): Record<NnFunction, AsyncFunction> {
  const entries = nnFunctions.map((name): [NnFunction, AsyncFunction] => [
    name,
    async (...args) => {
      const {request, finish} = beginCall(name, memory(), args)
      return finish(await perform(request))
    },
  ])
  return Object.fromEntries(entries) as Record<NnFunction, AsyncFunction>
}
