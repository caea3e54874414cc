import type {FastifyInstance} from 'fastify'
import {completionLogprobs} from './logprobs.js'
import {newIdentity, respondTo, type CompletionRequest} from './respond.js'
import {probabilities, runtimeOptions} from './runtime-options.js'
import {completionBody, type CompletionBody} from './schema.js'
import type {Serving} from './serving.js'
import {event, finishReason, textEvents, usage, type Identity, type Shape} from './shape.js'
import {bodyCheck} from './validate.js'

const check = bodyCheck(completionBody)

export function completionRoutes(app: FastifyInstance, serving: Serving): void {
  app.post('/v1/completions', async (request, reply) => respondTo(serving, reply, readTextRequest(request.body)))
}

/** @throws `ApiError` for an invalid completion request. */
export function readTextRequest(value: unknown): CompletionRequest {
  const {body, ignored} = check(value)
  const {model, prompt, logprobs, session_id: sessionId} = body
  const input = typeof prompt === 'string' ? prompt : (prompt[0] ?? '')
  const options = {...runtimeOptions(body), ...probabilities(logprobs), prompt_mode: 'raw' as const}
  return {
    ...{model, sessionId, input, options, ignored, stream: body.stream === true},
    shape: (graph) => completionShape(newIdentity('cmpl', graph), body),
  }
}

function completionShape(identity: Identity, {logprobs: top, stream_options}: CompletionBody): Shape {
  const {id, created, model, system_fingerprint} = identity
  const part = (text: string, finish: string | null = null, logprobs: object | null = null): object => ({
    ...{id, object: 'text_completion', created, model, system_fingerprint},
    choices: [{index: 0, text, logprobs, finish_reason: finish}],
  })
  const finished = (text: string, {stop_reason, logprobs}: Parameters<Shape['last']>[0]): object =>
    part(text, finishReason(stop_reason), top === undefined ? null : completionLogprobs(logprobs, top))
  return {
    first: '',
    piece: textEvents(part),
    last: (metadata) => {
      const counts = {...part(''), choices: [], usage: usage(metadata)}
      return event(finished('', metadata)) + (stream_options?.include_usage === true ? event(counts) : '')
    },
    whole: ({text, metadata}) => ({...finished(text, metadata), usage: usage(metadata)}),
  }
}
