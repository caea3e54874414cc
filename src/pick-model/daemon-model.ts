import {existsSync} from 'node:fs'
import {NnError} from '../errors.js'
import {RemoteCore} from '../rpc/client/remote-core.js'
import type {GraphStatus} from '../backend/contract/status.js'
import {graphOf} from '../rpc/graph-of.js'
import {isSameModel} from './same-model.js'

/** A model in the daemon, and the connection to it. */
export interface DaemonModel extends AsyncDisposable {
  backend: RemoteCore
  model: GraphStatus
}

export interface ModelChoice {
  socket: string
  /** A path, or a name or graph id in the daemon, as typed; absent: the daemon's only one. */
  model: string | undefined
  /** A given flag that requires a model that the command loads, without its dashes. */
  ownFlag: string | undefined
  /** Example command line for messages. */
  example: string
}

/**
 * The selected model of the daemon; `undefined` if the command must load one itself, because the daemon has not loaded
 * this path or other settings were given.
 *
 * @throws `not_running`, `model_not_found` or `invalid_argument` if it must be a model of the daemon.
 */
export async function findDaemonModel(choice: ModelChoice): Promise<DaemonModel | undefined> {
  const {model, ownFlag} = choice
  const isOptional = model !== undefined && isPath(model)
  if (ownFlag !== undefined) {
    if (isOptional) return undefined
    const but = model === undefined ? '' : `, and there is no file ${model}`
    throw new NnError('invalid_argument', `--${ownFlag} needs a model that this command loads itself${but}.`, {
      hint: 'Name the model file, or pass the flag to wnn load or wnn serve.',
    })
  }
  const backend = isOptional ? await connectIfRunning(choice.socket) : await connectFor(choice)
  if (backend === undefined) return undefined
  return pick(backend, (graphs) => (isOptional ? graphs.find((graph) => isMeant(graph, model)) : choose(graphs, model)))
}

/** Whether it means a file: one that exists, or what could be no other thing. */
export function isPath(model: string): boolean {
  return existsSync(model) || model.includes('/') || /\.gguf$/i.test(model)
}

/** The model of a daemon with this name. @throws `not_running`, `model_not_found`. */
export async function findNamedModel(socket: string, name: string): Promise<DaemonModel> {
  return pick(await RemoteCore.connect(socket), (graphs) => {
    const found = graphs.find((graph) => graph.name === name)
    if (found === undefined) throw notFound(`The daemon has no model named ${name}.`, graphs)
    return found
  })
}

async function pick<Found extends GraphStatus | undefined>(
  backend: RemoteCore,
  find: (graphs: readonly GraphStatus[]) => Found,
): Promise<DaemonModel | Extract<Found, undefined>> {
  try {
    const model = find(await backend.graphs())
    if (model !== undefined) return {backend, model, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]()}
    await backend.deinit()
    return model as Extract<Found, undefined>
  } catch (error) {
    await backend[Symbol.asyncDispose]()
    throw error
  }
}

/** A named file does not need a daemon, so ignore errors of the daemon. */
async function connectIfRunning(socket: string): Promise<RemoteCore | undefined> {
  try {
    return await RemoteCore.connect(socket)
  } catch (error) {
    if (error instanceof NnError) return undefined
    throw error
  }
}

/** The daemon of a command that needs it. @throws `not_running` with why it does. */
export async function connectFor({
  socket,
  model,
  example,
}: Pick<ModelChoice, 'socket' | 'model' | 'example'>): Promise<RemoteCore> {
  try {
    return await RemoteCore.connect(socket)
  } catch (error) {
    if (!(error instanceof NnError) || error.reason !== 'not_running') throw error
    const why =
      model === undefined
        ? "Without a model, the command uses the daemon's."
        : `There is no file ${model}, so it is a model of the daemon.`
    throw new NnError('not_running', `${why} ${error.message}`, {
      hint: `Name a model file (${example}), or load one first (wnn load model.gguf).`,
      cause: error,
    })
  }
}

/** The graph of that name or number. @throws `model_not_found`. */
export function findGraph(graphs: readonly GraphStatus[], model: string): GraphStatus {
  const found = graphOf(graphs, model)
  if (found !== undefined) return found
  throw notFound(`There is no file ${model}, and the daemon has no model of that name.`, graphs)
}

function notFound(message: string, graphs: readonly GraphStatus[]): NnError {
  return new NnError('model_not_found', message, {hint: `The daemon has ${namesOf(graphs) || 'none'}.`})
}

function namesOf(graphs: readonly GraphStatus[]): string {
  return graphs.map(({name}) => name).join(', ')
}

/** What is not a file may be a name. */
function isMeant(graph: GraphStatus, model: string): boolean {
  return existsSync(model) ? isSameModel(graph.path, model) : graph.name === model
}

function choose(graphs: readonly GraphStatus[], model: string | undefined): GraphStatus {
  if (model !== undefined) return findGraph(graphs, model)
  const [first, ...others] = graphs
  if (first === undefined) {
    throw new NnError('model_not_found', 'The daemon has no model.', {hint: 'Load one: wnn load model.gguf'})
  }
  if (others.length === 0) return first
  throw new NnError('invalid_argument', `The daemon has ${graphs.length} models: ${namesOf(graphs)}.`, {
    hint: 'Choose one with --model.',
  })
}
