import type {FastifyInstance} from 'fastify'
import {badRequest, ApiError} from './api-error.js'
import {clientSignal} from './client-signal.js'
import {findModel} from './models.js'
import {embeddingsBody} from './schema.js'
import type {Serving} from './serving.js'
import {bodyCheck, ignoredHeader} from './validate.js'

const check = bodyCheck(embeddingsBody)

export function embeddingRoutes(app: FastifyInstance, serving: Serving): void {
  const {backend} = serving
  app.post('/v1/embeddings', async (request, reply) => {
    const {body, ignored} = check(request.body)
    if (backend.embed === undefined)
      throw new ApiError(501, 'server_error', 'unsupported_operation', 'This backend makes no embeddings.')
    const graph = await findModel(backend, body.model)
    using client = clientSignal(reply, serving)
    const options = {
      signal: client.signal,
      ...(body.priority !== undefined && {priority: body.priority}),
      ...(body.timeout_ms !== undefined && {timeoutMs: body.timeout_ms}),
    }
    const texts = typeof body.input === 'string' ? [body.input] : body.input
    if (body.dimensions !== undefined) {
      // Only a vector says how long vectors are: one is made before all the others.
      const {vectors} = await backend.embed(graph.graph, texts.slice(0, 1), options)
      const length = vectors[0]?.length ?? 0
      if (length !== body.dimensions)
        throw badRequest(`dimensions: must be ${length}, the model's own; got ${body.dimensions}.`, 'dimensions')
    }
    const {vectors, tokens} = await backend.embed(graph.graph, texts, options)
    client.signal.throwIfAborted()
    const write = body.encoding_format === 'base64' ? toBase64 : (vector: Float32Array) => [...vector]
    const header = ignoredHeader(ignored)
    if (header !== '') void reply.header('x-wnn-ignored-fields', header)
    return {
      object: 'list',
      data: vectors.map((vector, index) => ({object: 'embedding', index, embedding: write(vector)})),
      model: graph.name,
      usage: {prompt_tokens: tokens, total_tokens: tokens},
    }
  })
}

/** The numbers as 32-bit floats, little-endian, as the machines that this runs on have them. */
function toBase64({buffer, byteOffset, byteLength}: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
