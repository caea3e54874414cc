import {NnError} from '../../../errors.js'
import type {Answer, AnswerOptions, AnswerRequest} from '../../contract/core.js'
import type {Parts} from '../parts.js'
import type {ExecutionContext, PartialAnswer} from './execution-context.js'
import {generate} from './generate.js'
import {anySignal, withStdout, withWait} from './output.js'
import {commit, newTurn, onCurrentModel, throwIfFull} from './turn.js'

/** Answers a question as one task of the queue. @throws the failure, with the text before it in `partial`. */
export async function answer(
  context: ExecutionContext,
  asked: Required<AnswerRequest>,
  options: AnswerOptions,
  parts: Parts,
): Promise<Answer> {
  const question = newTurn(context, asked)
  const {request} = question.effective
  let partial: PartialAnswer | undefined
  context.computing++
  try {
    return await parts.scheduler.submit({
      priority: request.priority,
      session: context.session.id,
      lane: context.graph.id,
      timeoutMs: request.timeout_ms,
      signal: anySignal(context.closing.signal, options.signal),
      run: async (signal, waitedMs) => {
        const turn = onCurrentModel(question)
        const result = await generate(turn, signal, {
          ...withStdout(options, request.stream_stdout),
          onPartial: (given) => (partial = given),
        })
        const metadata = withWait(result.metadata, waitedMs)
        partial = {text: result.text, metadata}
        throwIfFull(result, turn)
        commit(turn, result)
        parts.keepHistory(context.session)
        parts.journal.answered(context, metadata, waitedMs, request.enable_log)
        void parts.caches.relieve()
        return {text: result.text, metadata}
      },
    })
  } catch (thrown) {
    const isTakenBack = options.signal?.aborted === true && thrown === options.signal.reason
    const error = isTakenBack ? abortedBefore(thrown) : thrown
    parts.journal.failed(context, error)
    throw error instanceof NnError && partial !== undefined ? error.withPartial(partial) : error
  } finally {
    context.computing--
    parts.sessions.touch(context.session)
  }
}

/** The caller's own signal ended the request while it waited; there is no text to keep. */
function abortedBefore(reason: unknown): NnError {
  return new NnError('aborted', 'The compute was aborted before it started.', {cause: reason})
}
