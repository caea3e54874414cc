import type {FastifyInstance} from 'fastify'
import type {Serving} from './serving.js'

/** Where people and machines look how it goes. */
export function statusRoutes(app: FastifyInstance, {backend, loading, metrics}: Serving): void {
  // Monitors and proxies ask with HEAD.
  app.get('/health', {exposeHeadRoute: true}, async (_request, reply) => {
    const graphs = await backend.graphs()
    if (graphs.length > 0) return reply.send({status: 'ok'})
    return reply.code(503).send({status: loading().length > 0 ? 'loading' : 'no model loaded'})
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
