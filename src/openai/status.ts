import type {FastifyInstance, FastifyReply} from 'fastify'
import type {GraphStatus} from '../backend/contract/status.js'
import {shorten} from '../documents/index.js'
import {ApiError, modelLoading} from './api-error.js'
import {isUsable, secondsToRetry, stateOf, type ModelState} from './model-state.js'
import type {Serving} from './serving.js'

/** Where people and machines look how it goes. */
export function statusRoutes(app: FastifyInstance, serving: Serving): void {
  const {backend, metrics} = serving
  // Monitors and proxies ask with HEAD.
  app.get<{Querystring: {model?: unknown}}>('/health', {exposeHeadRoute: true}, async ({query}, reply) => {
    const {model} = query
    return health(serving, typeof model === 'string' ? model : undefined, reply)
  })
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  app.get('/slots', async () => {
    const [{graphs}, {graphs: models}, queue] = await Promise.all([
      backend.status('memory'),
      backend.status('model'),
      backend.status('queue'),
    ])
    return {
      queued: queue.queued,
      running: queue.running,
      models: graphs.map(({graph, responsive, kv_tokens, slots}) => ({
        model: models.find((model) => model.graph === graph)?.name ?? null,
        ...{responsive, kv_tokens, slots},
      })),
    }
  })
}

/** Without a key, so it gives names and states only; `/v1/models` has the reasons. */
interface Health {
  status: 'ok' | 'degraded' | 'no model loaded' | Exclude<ModelState, 'ready' | 'switching'>
  /** Unless all is well. */
  models?: {id: string; state: ModelState}[]
}

/**
 * A server is taken out of service only when none of its models takes requests: one that answers for three of four models is
 * of more use than none. With a name, only that model counts.
 */
async function health(serving: Serving, name: string | undefined, reply: FastifyReply): Promise<FastifyReply> {
  const isAsked = (other: string): boolean => name === undefined || other === name
  const graphs = (await serving.backend.graphs()).filter((graph) => isAsked(graph.name))
  const loading = serving.loading().filter((one) => isAsked(one) && !graphs.some((graph) => graph.name === one))
  if (graphs.length === 0) return withoutModel(reply, name, loading[0])
  const models: NonNullable<Health['models']> = [
    ...graphs.map((graph) => ({id: graph.name, state: stateOf(graph)})),
    ...loading.map((id) => ({id, state: 'loading' as const})),
  ]
  const unusable = graphs.filter((graph) => !isUsable(stateOf(graph)))
  if (unusable.length === 0 && loading.length === 0) return reply.send({status: 'ok'} satisfies Health)
  if (unusable.length < graphs.length) return reply.send({status: 'degraded', models} satisfies Health)
  const isFailed = unusable.every(({state}) => state === 'failed')
  const seconds = unusable.map(({state}) => secondsToRetry(state) ?? Infinity)
  return unavailable(reply, {status: isFailed ? 'failed' : 'restarting', models}, unusable, Math.min(...seconds))
}

function withoutModel(reply: FastifyReply, name: string | undefined, coming: string | undefined): FastifyReply {
  if (coming !== undefined) {
    const {status, headers, body} = modelLoading(coming)
    return reply
      .code(status)
      .headers({...headers})
      .send({status: 'loading', ...body})
  }
  const {status, body} =
    name === undefined
      ? new ApiError(503, 'server_error', 'no_model', 'No model is loaded.')
      : new ApiError(
          404,
          'invalid_request_error',
          'model_not_found',
          `The model "${shorten(name, 200)}" is not loaded.`,
        )
  return reply.code(status).send({status: 'no model loaded', ...body})
}

function unavailable(
  reply: FastifyReply,
  health: Health,
  unusable: readonly GraphStatus[],
  retryAfter: number,
): FastifyReply {
  const states = unusable.map((graph) => `${graph.name} (${stateOf(graph)})`).join(', ')
  const {body} = new ApiError(503, 'server_error', `model_${health.status}`, `No model takes requests: ${states}.`)
  if (Number.isFinite(retryAfter)) void reply.header('retry-after', retryAfter)
  return reply.code(503).send({...health, ...body})
}
