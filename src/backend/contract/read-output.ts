import type {Backend} from './wasi-nn.js'
import type {ContextId, OutputMetadata} from './types.js'
import {NnError} from '../../errors.js'

const firstGuess = 4096

/** Output 0 (text) of a context, of any length: retries with the size that the backend reports. */
export async function readOutput(backend: Pick<Backend, 'getOutput'>, context: ContextId, index = 0): Promise<string> {
  let buffer = new Uint8Array(firstGuess)
  for (;;) {
    try {
      const written = await backend.getOutput(context, index, buffer)
      return new TextDecoder().decode(buffer.subarray(0, written))
    } catch (error) {
      if (!(error instanceof NnError) || error.reason !== 'buffer_too_small' || error.neededBytes === undefined)
        throw error
      buffer = new Uint8Array(error.neededBytes)
    }
  }
}

/** Output 1 of a context after a compute. */
export async function readMetadata(backend: Pick<Backend, 'getOutput'>, context: ContextId): Promise<OutputMetadata> {
  return JSON.parse(await readOutput(backend, context, 1)) as OutputMetadata
}
