import path from 'node:path'
import type {FastifyInstance} from 'fastify'
import type {GraphStatus} from '../backend/contract/status.js'
import {shorten} from '../documents/index.js'
import {ApiError, badRequest, modelLoading} from './api-error.js'
import {reasonOf, stateOf, type ModelState} from './model-state.js'
import type {Serving} from './serving.js'

/**
 * The loaded model of that name; without a name the only one. Of two with one name the one loaded last.
 * @throws `model_loading` for one that will be there soon.
 */
export async function findModel(
  {backend, loading}: Pick<Serving, 'backend' | 'loading'>,
  name: string | undefined,
): Promise<GraphStatus> {
  const graphs = await backend.graphs()
  const [only] = graphs
  if (name === undefined && only !== undefined && graphs.length === 1) return only
  const [coming] = loading().filter((each) => (name === undefined ? graphs.length === 0 : each === name))
  if (coming !== undefined && !graphs.some((graph) => graph.name === name)) throw modelLoading(coming)
  const names = graphs.map((graph) => graph.name).join(', ') || 'none'
  if (name === undefined) throw badRequest(`model: is missing. Loaded models: ${names}.`, 'model')
  const found = graphs.findLast((graph) => graph.name === name)
  if (found !== undefined) return found
  throw new ApiError(
    404,
    'invalid_request_error',
    'model_not_found',
    `The model "${shorten(name, longestName)}" is not loaded. Loaded models: ${names}.`,
    {param: 'model'},
  )
}

/** How much of an unknown name is shown, in UTF-16 units. */
const longestName = 200

interface ModelObject {
  id: string
  object: 'model'
  /** When this server saw it first, in seconds since 1970. */
  created: number
  owned_by: string
  /** Beyond OpenAI's fields, like the rest. */
  state: ModelState
  /** Why the model does not take requests, or soon may not; `null` if all is well. */
  state_reason: string | null
  /** Sizes are tokens and bytes. Absent while the model is loaded. */
  meta?: {
    architecture: string
    parameters: number
    size_bytes: number
    ctx_size: number
    train_ctx_size: number
    parallel: number
  }
}

function describeLoading(name: string): ModelObject {
  const created = Math.floor(Date.now() / 1000)
  return {
    ...{id: name, object: 'model', created, owned_by: path.basename(name)},
    ...{state: 'loading', state_reason: 'The model is being loaded.'},
  }
}

export function modelRoutes(app: FastifyInstance, serving: Serving): void {
  const {backend} = serving
  const seen = new Map<number, number>()
  const describe = (status: GraphStatus): ModelObject => {
    const created = seen.get(status.graph) ?? Math.floor(Date.now() / 1000)
    seen.set(status.graph, created)
    const {architecture, parameters, size_bytes, ctx_size, train_ctx_size, parallel} = status
    return {
      ...{id: status.name, object: 'model', created, owned_by: path.basename(status.path)},
      ...{state: stateOf(status), state_reason: reasonOf(status)},
      meta: {architecture, parameters, size_bytes, ctx_size, train_ctx_size, parallel},
    }
  }
  app.get('/v1/models', async () => {
    const graphs = await backend.graphs()
    const loaded = new Set(graphs.map(({graph}) => graph))
    for (const graph of seen.keys()) if (!loaded.has(graph)) seen.delete(graph)
    const coming = serving.loading().filter((name) => !graphs.some((graph) => graph.name === name))
    return {object: 'list', data: [...graphs.map(describe), ...coming.map(describeLoading)]}
  })
  // A model that was loaded by its path has slashes in its name.
  app.get<{Params: {'*': string}}>('/v1/models/*', async ({params}) => describe(await findModel(serving, params['*'])))
}
