import {textTensor} from '../backend/contract/tensor.js'
import type {Backend, ContextId, GraphId, OutputMetadata} from '../backend/contract/backend.js'
import type {RuntimeOptions} from '../config/index.js'
import {NnError} from '../errors.js'
import {readMetadata, readOutput} from '../backend/contract/read-output.js'

/** A request, translated for the lifecycle. */
export interface Question {
  graph: GraphId
  /** The conversation that it belongs to; without one the session ends with the request. */
  sessionId: string | undefined
  input: string
  options: RuntimeOptions
}

export interface Answer {
  text: string
  metadata: OutputMetadata
}

/**
 * Takes one question through the lifecycle. The context is closed behind it, however it ended.
 * @throws what the lifecycle throws; the signal's reason when that ended it.
 */
export async function answerQuestion(
  backend: Backend,
  {graph, sessionId, input, options}: Question,
  {signal, onText}: {signal: AbortSignal; onText?: (text: string) => void},
): Promise<Answer> {
  const context =
    sessionId === undefined
      ? await backend.initExecutionContext(graph, {temporary: true, counted: false})
      : await backend.initExecutionContextWithSessionId(graph, sessionId, {counted: false})
  try {
    await backend.setInput(context, 1, textTensor(JSON.stringify(options)))
    await backend.setInput(context, 0, textTensor(input))
    signal.throwIfAborted()
    const answer = await compute(backend, context, {signal, ...(onText && {onText})})
    signal.throwIfAborted()
    return answer
  } catch (error) {
    // What a compute that was taken back says is a consequence.
    signal.throwIfAborted()
    throw error
  } finally {
    await close(backend, context)
  }
}

async function compute(
  backend: Backend,
  context: ContextId,
  options: {signal: AbortSignal; onText?: (text: string) => void},
): Promise<Answer> {
  try {
    await backend.compute(context, options)
  } catch (error) {
    if (!(error instanceof NnError) || error.code !== 'context_full') throw error
    const metadata = await readMetadata(backend, context)
    // An answer that had to end is one; a conversation that did not even fit is not.
    if (metadata.stop_reason !== 'context_full') throw error
    return {text: await readOutput(backend, context), metadata}
  }
  return {text: await readOutput(backend, context), metadata: await readMetadata(backend, context)}
}

/** A context that was closed meanwhile, with its model or its session, is as good as closed. */
async function close(backend: Backend, context: ContextId): Promise<void> {
  try {
    await backend.closeExecutionContext(context)
  } catch (error) {
    if (!(error instanceof NnError) || error.code !== 'invalid_argument') throw error
  }
}
