import {NnError, toNnError, type Reason} from '../../errors.js'
import type {Answer} from '../../backend/contract/core.js'
import {answerQuestion} from '../../openai/answer.js'
import {ApiError} from '../../openai/api-error.js'
import {answerEmbeddings, type EmbeddingsAnswer} from '../../openai/embeddings.js'
import type {Asked, BatchItem} from '../items/item.js'
import {RunEnded} from '../run-batch.js'
import type {BatchModel} from './batch-model.js'

/** Failures of the item itself, independent of the model's state. */
const ofItem: readonly Reason[] = ['prompt_too_long', 'context_full', 'deadline']

export type BatchAnswer = Answer | {embeddings: EmbeddingsAnswer}

/**
 * Answers items, each in its own conversation.
 * @throws the item's error, errors of the lifecycle, and `RunEnded` if the model is gone.
 */
export function itemAnswerer(model: BatchModel): (item: BatchItem, signal: AbortSignal) => Promise<BatchAnswer> {
  return async ({question}, signal) => {
    if ('fault' in question) throw question.fault
    let answered: BatchAnswer
    try {
      answered = await answer(model, question, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof ApiError) throw new NnError('invalid_argument', thrown.message, {cause: thrown})
      const error = toNnError(thrown, 'runtime_error')
      if (!error.canRetry) await endUnless(ofItem.includes(error.reason) ? model.checkSame : model.checkAlive)
      throw error
    }
    await endUnless(model.checkSame)
    return answered
  }
}

async function answer({backend, status}: BatchModel, question: Asked, signal: AbortSignal): Promise<BatchAnswer> {
  if ('embeddings' in question) {
    return {embeddings: await answerEmbeddings(backend, status, question.embeddings, signal)}
  }
  const {input, options, shape} = question
  // Items in OpenAI's form are requests of its API.
  const defaults = shape === undefined ? 'configured' : 'api'
  const answered = await answerQuestion(
    backend,
    {graph: status.graph, sessionId: undefined, input, options, defaults},
    {signal},
  )
  if (answered.metadata.stop_reason !== 'aborted') return answered
  // A daemon that stops returns only a part of the answer.
  throw new NnError('runtime_error', 'The answer is incomplete.')
}

async function endUnless(check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (thrown) {
    if (thrown instanceof NnError && thrown.reason === 'rows_in_doubt') throw new RunEnded(thrown)
    const {reason, message} = toNnError(thrown, 'runtime_error')
    const hint = 'The output has all rows so far. Continue with --resume.'
    throw new RunEnded(new NnError(reason === 'not_running' ? reason : 'runtime_error', message, {cause: thrown, hint}))
  }
}
