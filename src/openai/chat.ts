import type {FastifyInstance} from 'fastify'
import {badRequest} from './api-error.js'
import {chatLogprobs} from './logprobs.js'
import {messageFields, readMessages} from './messages.js'
import {newIdentity, respondTo, type CompletionRequest} from './respond.js'
import {probabilities, responseGuide, runtimeOptions} from './runtime-options.js'
import {chatBody, type ChatBody} from './schema.js'
import type {Serving} from './serving.js'
import {event, finishReason, textEvents, usage, type Identity, type Shape} from './shape.js'
import {bodyCheck} from './validate.js'

const check = bodyCheck(chatBody, {messages: {items: messageFields}})

export function chatRoutes(app: FastifyInstance, serving: Serving): void {
  app.post('/v1/chat/completions', async (request, reply) => respondTo(serving, reply, readChatRequest(request.body)))
}

/** @throws `ApiError` for an invalid chat request. */
export function readChatRequest(value: unknown): CompletionRequest {
  const {body, ignored} = check(value)
  const {systemPrompt, history, input} = readMessages(body.messages)
  if (body.top_logprobs !== undefined && body.logprobs !== true)
    throw badRequest('top_logprobs: needs logprobs to be true.', 'top_logprobs')
  const {model, session_id: sessionId} = body
  const options = {
    ...runtimeOptions(body),
    ...responseGuide(body),
    ...(body.logprobs === true && probabilities(body.top_logprobs ?? 0)),
    system_prompt: systemPrompt,
    ...(body.chat_template_kwargs !== undefined && {template_variables: body.chat_template_kwargs}),
    prompt_mode: 'chat' as const,
    // A request with a session id and only a question continues that session.
    ...((sessionId === undefined || history.length > 0) && {history}),
  }
  return {
    ...{model, sessionId, input, options, ignored, stream: body.stream === true},
    shape: (graph) => chatShape(newIdentity('chatcmpl', graph), body),
  }
}

function chatShape(identity: Identity, {logprobs, top_logprobs: top = 0, stream_options}: ChatBody): Shape {
  const {id, created, model, system_fingerprint} = identity
  const chunk = (delta: object, finish: string | null = null, probabilities: object | null = null): object => ({
    ...{id, object: 'chat.completion.chunk', created, model, system_fingerprint},
    choices: [{index: 0, delta, logprobs: probabilities, finish_reason: finish}],
  })
  return {
    first: event(chunk({role: 'assistant', content: ''})),
    piece: textEvents((content) => chunk({content})),
    last: (metadata) => {
      const {stop_reason, dropped_messages} = metadata
      const finish = {
        ...chunk({}, finishReason(stop_reason), logprobs === true ? chatLogprobs(metadata.logprobs, top) : null),
        // Not every stream has a usage, and the headers of a stream are sent too early.
        ...(dropped_messages !== undefined && {dropped_messages}),
      }
      const counts = {...chunk({}), choices: [], usage: usage(metadata)}
      return event(finish) + (stream_options?.include_usage === true ? event(counts) : '')
    },
    whole: ({text, metadata}) => ({
      ...{id, object: 'chat.completion', created, model, system_fingerprint},
      choices: [
        {
          index: 0,
          message: {role: 'assistant', content: text, refusal: null},
          logprobs: logprobs === true ? chatLogprobs(metadata.logprobs, top) : null,
          finish_reason: finishReason(metadata.stop_reason),
        },
      ],
      usage: usage(metadata),
    }),
  }
}
