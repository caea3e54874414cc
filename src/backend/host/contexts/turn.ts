import {applyRuntimeOptions, type RequestConfig, type RuntimeOptions} from '../../../config/index.js'
import type {ChatMessage, GenerateRequest, GenerateResult, Prompt} from '../../engine/protocol.js'
import {NnError} from '../../../errors.js'
import type {LoadedModel} from '../../models/loaded-model.js'
import {
  leaveOut,
  leftOutMessages,
  promptHistory,
  rewrittenHistory,
  toChatMessages,
  type StoredMessage,
} from '../../sessions/session-store.js'
import type {AnswerRequest, RequestDefaults} from '../../contract/core.js'
import type {ExecutionContext} from './execution-context.js'

/** One question, with everything needed to answer it. */
export interface Turn {
  context: ExecutionContext
  input: string
  /** Overrides the model's configuration. */
  options: RuntimeOptions
  /** What holds for options that nobody gave. */
  defaults: RequestDefaults
  /** The model that answers. */
  model: LoadedModel
  /** The model's configuration with the options applied. */
  effective: RequestConfig
}

/** A question for the current model of the context's graph. */
export function newTurn(context: ExecutionContext, asked: Required<AnswerRequest>): Turn {
  return onModel({context, ...asked}, context.graph.model)
}

/** After a wait, the question goes to the current model of its graph. */
export function onCurrentModel(turn: Turn): Turn {
  const {model} = turn.context.graph
  return model === turn.model ? turn : onModel(turn, model)
}

function onModel(asked: Pick<Turn, 'context' | keyof AnswerRequest>, model: LoadedModel): Turn {
  return {...asked, model, effective: applyRuntimeOptions(model.configFor(asked.defaults), asked.options)}
}

/** The prompt: in chat mode after the session's history, in raw mode alone. */
export function promptOf({context: {session}, model, input, effective: {request}}: Turn): Prompt {
  if (request.prompt_mode === 'raw') return {mode: 'raw', text: input}
  const system: ChatMessage[] = request.system_prompt === '' ? [] : [{role: 'system', content: request.system_prompt}]
  const messages = rewrittenHistory(session.messages, request.history)
  const isSame = messages === session.messages
  const history = isSame ? promptHistory(session, model.content) : toChatMessages(messages, model.content)
  return {
    mode: 'chat',
    messages: [...system, ...history, {role: 'user', content: input}],
    variables: {...model.config.model.template_variables, ...request.template_variables},
  }
}

/** Messages that the session has and `promptOf` leaves out. */
function droppedBefore({context: {session}, model, effective: {request}}: Turn): number {
  const isSame = rewrittenHistory(session.messages, request.history) === session.messages
  return request.prompt_mode === 'chat' && isSame ? leftOutMessages(session, model.content) : 0
}

export function generateRequest(turn: Turn, how: Pick<GenerateRequest, 'pace' | 'stream'>): GenerateRequest {
  const {model, memory} = turn.model.config
  const {sampling, stopping, request} = turn.effective
  return {
    prompt: promptOf(turn),
    droppedBefore: droppedBefore(turn),
    session: turn.context.session.temporary ? null : turn.context.session.id,
    sampling,
    stopping,
    contextShift: memory.context_shifting ? {keep: memory.n_keep_tokens, discard: memory.n_discard_tokens} : null,
    contextSize: model.ctx_size,
    cachePrompt: memory.cache_prompt,
    deterministic: request.deterministic,
    promptLookup: turn.model.config.performance.prompt_lookup,
    ...how,
  }
}

/**
 * Adds a finished turn to the session: the history of the request, if it had one, then the question and the answer. A
 * failed turn is not added, so that it can be retried; neither is one without text.
 */
export function commit({context, model, input, effective: {request}}: Turn, result: GenerateResult): void {
  const {session} = context
  session.cachedTokens = result.metadata.cached_tokens
  session.cacheSource = result.cacheSource
  if (request.prompt_mode === 'raw') return
  const messages = rewrittenHistory(session.messages, request.history)
  // The number of dropped messages counts from the start of this history, not of another one.
  if (messages !== session.messages) session.leftOut = {model: '', messages: 0}
  session.messages = messages
  leaveOut(session, model.content, result.droppedMessages)
  if (result.text === '') return
  const answer: StoredMessage = {role: 'assistant', content: result.text}
  if (result.tokens !== null) answer.generated = {model: model.content, tokens: result.tokens}
  session.messages = [...messages, {role: 'user', content: input}, answer]
}

/** @throws `context_full` after an answer that ended because of it; the text stays readable. */
export function throwIfFull({stopReason}: GenerateResult, {model}: Turn): void {
  if (stopReason !== 'context_full') return
  const {ctx_size} = model.config.model
  throw new NnError('context_full', `The context of ${ctx_size} tokens is full, so the answer ends here.`, {
    hint: 'Turn on memory.context_shifting, raise model.ctx_size, or start a new session.',
  })
}
