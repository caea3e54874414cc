import {unpackTokens} from '../../engine/packed-tokens.js'
import type {AnswerRequest, PromptCount, RenderedPrompt} from '../../contract/core.js'
import type {ExecutionContext} from './execution-context.js'
import {generateRequest, newTurn, promptOf} from './turn.js'

/** Counts the prompt tokens of a question, including history and template. */
export async function countPrompt(context: ExecutionContext, asked: Required<AnswerRequest>): Promise<PromptCount> {
  const {closing, graph} = context
  return graph.model.use(closing.signal, async (engine) => ({
    tokens: await engine.text('count', promptOf(newTurn(context, asked))),
    llama_build: engine.info.llamaBuild,
    llama_commit: engine.info.llamaCommit,
  }))
}

/** The prompt of a question, as an answer would get it. */
export async function renderPrompt(context: ExecutionContext, asked: Required<AnswerRequest>): Promise<RenderedPrompt> {
  const {closing, graph} = context
  return graph.model.use(closing.signal, async (engine) => {
    const {prompt, contextSize, contextShift, stopping, droppedBefore} = generateRequest(newTurn(context, asked), {
      pace: 'free',
      stream: false,
    })
    const {dropped, text, ...packed} = await engine.text('render', {prompt, contextSize, contextShift, stopping})
    return {text, ...unpackTokens(packed), dropped_messages: droppedBefore + dropped}
  })
}
