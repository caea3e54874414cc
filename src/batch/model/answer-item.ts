import {NnError, toNnError, type ErrorCode} from '../../backend/errors.js'
import {answerQuestion, type Answer} from '../../daemon/openai/answer.js'
import type {BatchItem} from '../items/item.js'
import {RunEnded} from '../run-batch.js'
import type {BatchModel} from './batch-model.js'

/** Failures that are about the item, whatever became of the model. */
const ofItem: readonly ErrorCode[] = ['prompt_too_long', 'context_full', 'timeout']

/**
 * Answers items, each in a conversation of its own.
 * @throws the item's fault, what the lifecycle throws, and `RunEnded` when there is no model any more.
 */
export function itemAnswerer(model: BatchModel): (item: BatchItem, signal: AbortSignal) => Promise<Answer> {
  const {backend, status, checkAlive} = model
  return async ({question}, signal) => {
    if ('fault' in question) throw question.fault
    const {input, options} = question
    try {
      const asked = {graph: status.graph, sessionId: undefined, input, options}
      const answer = await answerQuestion(backend, asked, {signal})
      if (answer.metadata.stop_reason !== 'aborted') return answer
      // A daemon that ends hands out what there is: only part of an answer.
      throw new NnError('runtime_error', 'The answer was cut off.')
    } catch (thrown) {
      signal.throwIfAborted()
      const error = toNnError(thrown, 'runtime_error')
      if (!error.busy && !ofItem.includes(error.code)) await endIfGone(checkAlive)
      throw error
    }
  }
}

async function endIfGone(checkAlive: BatchModel['checkAlive']): Promise<void> {
  try {
    await checkAlive()
  } catch (thrown) {
    const {code, message} = toNnError(thrown, 'runtime_error')
    const hint = 'What was answered so far is in the output; go on with --resume.'
    throw new RunEnded(new NnError(code === 'not_running' ? code : 'runtime_error', message, {cause: thrown, hint}))
  }
}
