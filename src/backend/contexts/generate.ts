import type {ComputeOptions} from '../backend.js'
import {GenerationError, type EngineProcess, type GenerationHandle} from '../engine/engine-process.js'
import type {GenerateResult} from '../engine/protocol.js'
import {NnError} from '../errors.js'
import {generateRequest, type Turn} from './turn.js'

/** An engine that has not reacted to an abort for so long is stuck, and is ended: it is started again when needed. */
const graceMs = 5000

/**
 * Runs one generation to its end, or until `signal` says stop: then what was said so far is the result, except past
 * the deadline, which is an error that leaves the partial text readable.
 */
export async function generate(turn: Turn, signal: AbortSignal, {onText}: ComputeOptions): Promise<GenerateResult> {
  const {context} = turn
  context.output = undefined
  const engine = await context.graph.engine()
  const handle = engine.generate(generateRequest(turn, {pace: 'free', stream: onText !== undefined}), onText)
  try {
    const result = await endedBy(signal, handle, engine)
    context.output = {text: result.text, metadata: result.metadata}
    // A deadline or a closed context is a failure; the caller's own signal only ends the answer early.
    if (result.stopReason === 'aborted' && signal.reason instanceof NnError) throw signal.reason
    return result
  } catch (error) {
    if (error instanceof GenerationError && error.partial !== null) {
      context.output = {text: error.partial.text, metadata: error.partial.metadata}
    }
    throw error
  }
}

/** The generation's result, ended when the signal says so, and by force when the engine does not listen. */
export async function endedBy(
  signal: AbortSignal,
  handle: GenerationHandle,
  engine: EngineProcess,
): Promise<GenerateResult> {
  let grace: NodeJS.Timeout | undefined
  const abort = (): void => {
    handle.abort()
    grace ??= setTimeout(() => engine.kill(), graceMs)
  }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    return await handle.result
  } catch (error) {
    // The engine that was killed says that it died; what happened is what the signal says.
    if (grace !== undefined && engine.killed && signal.reason instanceof NnError) throw signal.reason
    throw error
  } finally {
    clearTimeout(grace)
    signal.removeEventListener('abort', abort)
  }
}
