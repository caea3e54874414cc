import type {Answer, AnswerOptions, Core, RequestDefaults} from '../backend/contract/core.js'
import type {GraphId, OutputMetadata} from '../backend/contract/types.js'
import type {RuntimeOptions} from '../config/index.js'
import {NnError} from '../errors.js'

/** A request, translated for the backend. */
export interface Question {
  graph: GraphId
  /** Session id; without one nothing is kept after the request. */
  sessionId: string | undefined
  input: string
  options: RuntimeOptions
  /** Defaults to those of OpenAI's API. */
  defaults?: RequestDefaults
}

/**
 * Answers one question. An answer that ended because the context was full also counts.
 * @throws errors of the backend; the signal's reason if that ended it.
 */
export async function answerQuestion(
  backend: Core,
  {graph, sessionId, input, options, defaults = 'api'}: Question,
  how: AnswerOptions & {signal: AbortSignal},
): Promise<Answer> {
  const {signal} = how
  try {
    const target = {graph, ...(sessionId !== undefined && {session: sessionId})}
    const answer = await backend.answer(target, {input, options, defaults}, how)
    signal.throwIfAborted()
    return answer
  } catch (error) {
    // The error of a cancelled answer is only a consequence.
    signal.throwIfAborted()
    const partial = error instanceof NnError && error.reason === 'context_full' ? error.partial : undefined
    // If the conversation did not fit, there is no answer.
    if (partial === undefined) throw error
    return {text: partial.text, metadata: partial.metadata as OutputMetadata}
  }
}
