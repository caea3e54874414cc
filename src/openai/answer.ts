import type {Answer, AnswerOptions, Core} from '../backend/contract/core.js'
import type {GraphId, OutputMetadata} from '../backend/contract/types.js'
import type {RuntimeOptions} from '../config/index.js'
import {NnError} from '../errors.js'

/** A request, translated for the backend. */
export interface Question {
  graph: GraphId
  /** The conversation that it belongs to; without one it is forgotten with the request. */
  sessionId: string | undefined
  input: string
  options: RuntimeOptions
}

/**
 * Answers one question. An answer that the context had no more room for is one.
 * @throws what the backend throws; the signal's reason when that ended it.
 */
export async function answerQuestion(
  backend: Core,
  {graph, sessionId, input, options}: Question,
  how: AnswerOptions & {signal: AbortSignal},
): Promise<Answer> {
  const {signal} = how
  try {
    const target = {graph, ...(sessionId !== undefined && {session: sessionId})}
    const answer = await backend.answer(target, {input, options}, how)
    signal.throwIfAborted()
    return answer
  } catch (error) {
    // What an answer that was taken back says is a consequence.
    signal.throwIfAborted()
    const partial = error instanceof NnError && error.reason === 'context_full' ? error.partial : undefined
    // Of a conversation that did not even fit there is none.
    if (partial === undefined) throw error
    return {text: partial.text, metadata: partial.metadata as OutputMetadata}
  }
}
