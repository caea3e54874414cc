import {randomUUID} from 'node:crypto'
import type {FastifyReply} from 'fastify'
import type {GraphStatus} from '../backend/contract/status.js'
import {answerQuestion, type Question} from './answer.js'
import {ApiError, toApiError} from './api-error.js'
import {clientSignal, type ClientSignal} from './client-signal.js'
import {EventStream} from './event-stream.js'
import {findModel} from './models.js'
import type {Serving} from './serving.js'
import {event, lastEvent, type Identity, type Shape} from './shape.js'
import {ignoredHeader} from './validate.js'

/** A checked completion request, before its model is looked up. */
export interface CompletionRequest extends Omit<Question, 'graph'> {
  /** The requested model name. */
  model: string | undefined
  stream: boolean
  /** Ignored fields, for the response header. */
  ignored: readonly string[]
  /** How the answer of this model is written. */
  shape: (graph: GraphStatus) => Shape
}

/** Answers a completion request, whole or as a stream. */
export async function respondTo(
  serving: Serving,
  reply: FastifyReply,
  request: CompletionRequest,
): Promise<FastifyReply> {
  const {sessionId, input, options, stream, ignored} = request
  const model = await findModel(serving, request.model)
  const wanted = {question: {graph: model.graph, sessionId, input, options}, shape: request.shape(model)}
  const {question, shape} = wanted
  const header = ignoredHeader(ignored)
  const headers: Record<string, string> = header === '' ? {} : {'x-wnn-ignored-fields': header}
  using client = clientSignal(reply, serving)
  if (stream) return await respondInPieces(serving, reply, wanted, headers, client)
  const answer = await answerQuestion(serving.backend, question, {signal: client.signal})
  const {metadata} = answer
  serving.metrics.answered(metadata)
  if (metadata.dropped_messages !== undefined) headers['x-wnn-dropped-messages'] = String(metadata.dropped_messages)
  return await reply.headers(headers).send(shape.whole(answer))
}

async function respondInPieces(
  serving: Serving,
  reply: FastifyReply,
  {question, shape}: {question: Question; shape: Shape},
  headers: Record<string, string>,
  client: ClientSignal,
): Promise<FastifyReply> {
  const events = new EventStream(reply.raw, {
    limits: serving.limits,
    headers,
    first: shape.first,
    onOpen: () => void reply.hijack(),
    onStalled: (reason) => {
      serving.log('warn', `client is too slow: ${reason}`, {})
      client.end(new ApiError(499, 'server_error', 'client_too_slow', `The client is too slow: ${reason}.`))
      reply.raw.destroy()
    },
  })
  try {
    const onText = (text: string): void => events.write(shape.piece(text))
    const {metadata} = await answerQuestion(serving.backend, question, {signal: client.signal, onText})
    serving.metrics.answered(metadata)
    events.end(shape.last(metadata) + lastEvent)
  } catch (error) {
    if (!events.isOpen) throw error
    const failure = toApiError(error)
    if (failure.code === 'unknown') serving.log('error', 'request failed', {reason: String(error)})
    events.end(event(failure.body))
  } finally {
    if (!events.isOpen) events.dispose()
  }
  return reply
}

export function newIdentity(prefix: string, {name, llama_build}: GraphStatus): Identity {
  return {
    id: `${prefix}-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model: name,
    system_fingerprint: `llama.cpp-${llama_build}`,
  }
}
