import type {FastifyInstance} from 'fastify'
import type {Core} from '../backend/contract/core.js'
import type {EmbedOptions} from '../backend/contract/types.js'
import type {GraphStatus} from '../backend/contract/status.js'
import {badRequest} from './api-error.js'
import {clientSignal} from './client-signal.js'
import {findModel} from './models.js'
import {embeddingsBody} from './schema.js'
import type {Serving} from './serving.js'
import {bodyCheck, ignoredHeader} from './validate.js'

const check = bodyCheck(embeddingsBody)

/** A checked request for embeddings. */
export interface EmbeddingsRequest {
  model: string | undefined
  /** Fields that have no effect. */
  ignored: readonly string[]
  texts: readonly string[]
  encoding: 'float' | 'base64'
  /** The vector length that the client expects. */
  dimensions: number | undefined
  options: Pick<EmbedOptions, 'priority' | 'timeoutMs'>
}

/** @throws `ApiError` that names the wrong field */
export function readEmbeddingsRequest(value: unknown): EmbeddingsRequest {
  const {body, ignored} = check(value)
  const {model, input, encoding_format: encoding = 'float', dimensions, priority, timeout_ms: timeoutMs} = body
  return {
    ...{model, ignored, texts: typeof input === 'string' ? [input] : input, encoding, dimensions},
    options: {...(priority !== undefined && {priority}), ...(timeoutMs !== undefined && {timeoutMs})},
  }
}

/**
 * The response in OpenAI's format. @throws errors of `embed`, and `ApiError` for dimensions that the model does not
 * have
 */
export async function answerEmbeddings(
  backend: Pick<Core, 'embed'>,
  {graph, name}: Pick<GraphStatus, 'graph' | 'name'>,
  {texts, encoding, dimensions, options: asked}: EmbeddingsRequest,
  signal: AbortSignal,
): Promise<EmbeddingsAnswer> {
  const options = {...asked, signal}
  const check = ([first]: readonly Float32Array[]): void => {
    const length = first?.length ?? 0
    if (dimensions === undefined || length === dimensions) return
    throw badRequest(`dimensions: must be ${length}, the model's own; got ${dimensions}.`, 'dimensions')
  }
  // Only a vector shows the length, so one is computed before all others.
  if (dimensions !== undefined && texts.length > 1)
    check((await backend.embed(graph, texts.slice(0, 1), options)).vectors)
  const {vectors, tokens} = await backend.embed(graph, texts, options)
  signal.throwIfAborted()
  check(vectors)
  const write = encoding === 'base64' ? toBase64 : (vector: Float32Array) => [...vector]
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({object: 'embedding', index, embedding: write(vector)})),
    model: name,
    usage: {prompt_tokens: tokens, total_tokens: tokens},
  }
}

export interface EmbeddingsAnswer {
  object: 'list'
  data: {object: 'embedding'; index: number; embedding: number[] | string}[]
  model: string
  usage: {prompt_tokens: number; total_tokens: number}
}

export function embeddingRoutes(app: FastifyInstance, serving: Serving): void {
  const {backend} = serving
  app.post('/v1/embeddings', async (request, reply) => {
    const asked = readEmbeddingsRequest(request.body)
    const graph = await findModel(serving, asked.model)
    using client = clientSignal(reply, serving)
    const answer = await answerEmbeddings(backend, graph, asked, client.signal)
    const header = ignoredHeader(asked.ignored)
    if (header !== '') void reply.header('x-wnn-ignored-fields', header)
    return answer
  })
}

/** The numbers as 32-bit floats, little-endian, as the machines that this runs on have them. */
function toBase64({buffer, byteOffset, byteLength}: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
