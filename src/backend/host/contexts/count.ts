import type {AnswerRequest, PromptCount} from '../../contract/core.js'
import type {ExecutionContext} from './execution-context.js'
import {newTurn, promptOf} from './turn.js'

/** Counts the prompt tokens of a question, including history and template. */
export async function countPrompt(context: ExecutionContext, asked: Required<AnswerRequest>): Promise<PromptCount> {
  const {closing, graph} = context
  return graph.model.use(closing.signal, async (engine) => ({
    tokens: await engine.count(promptOf(newTurn(context, asked))),
    llama_build: engine.info.llamaBuild,
    llama_commit: engine.info.llamaCommit,
  }))
}
