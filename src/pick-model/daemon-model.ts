import {existsSync} from 'node:fs'
import {NnError} from '../errors.js'
import {RemoteCore} from '../rpc/client/remote-core.js'
import type {GraphStatus} from '../backend/contract/status.js'
import {isSameModel} from './same-model.js'

/** A model in the daemon, and the connection to it. */
export interface DaemonModel extends AsyncDisposable {
  backend: RemoteCore
  model: GraphStatus
}

export interface ModelChoice {
  socket: string
  /** Path or name, as typed; absent: the daemon's only one. */
  model: string | undefined
  /** Name of the model in the daemon. */
  name: string | undefined
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
  const {model, name, ownFlag} = choice
  const isOptional = model !== undefined && name === undefined
  if (ownFlag !== undefined) {
    if (isOptional) return undefined
    throw new NnError('invalid_argument', `--${ownFlag} needs a model that this command loads itself.`, {
      hint: 'Name the model file, or pass the flag to wnn load or wnn serve.',
    })
  }
  const backend = await connect(choice, isOptional)
  if (backend === undefined) return undefined
  return pick(backend, (graphs) => (isOptional ? graphs.find((graph) => isMeant(graph, model)) : choose(graphs, name)))
}

/** The model of a daemon with this name. @throws `not_running`, `model_not_found`. */
export async function findNamedModel(socket: string, name: string): Promise<DaemonModel> {
  return pick(await RemoteCore.connect(socket), (graphs) => choose(graphs, name))
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
async function connect({socket, name, example}: ModelChoice, isOptional: boolean): Promise<RemoteCore | undefined> {
  try {
    return await RemoteCore.connect(socket)
  } catch (error) {
    if (!(error instanceof NnError)) throw error
    if (isOptional) return undefined
    if (error.reason !== 'not_running' || name !== undefined) throw error
    throw new NnError('not_running', `Without a model, the command uses the daemon's. ${error.message}`, {
      hint: `Name a model (${example}), or load one first (wnn load model.gguf).`,
      cause: error,
    })
  }
}

/** What is no file may be a name. */
function isMeant(graph: GraphStatus, model: string): boolean {
  return existsSync(model) ? isSameModel(graph.path, model) : graph.name === model
}

function choose(graphs: readonly GraphStatus[], name: string | undefined): GraphStatus {
  const [first, ...others] = name === undefined ? graphs : graphs.filter((graph) => graph.name === name)
  if (first !== undefined && others.length === 0) return first
  const names = graphs.map((graph) => graph.name).join(', ')
  if (name !== undefined) {
    throw new NnError('model_not_found', `The daemon has no model named ${name}.`, {hint: `It has ${names || 'none'}.`})
  }
  if (first === undefined) {
    throw new NnError('model_not_found', 'The daemon has no model.', {hint: 'Load one: wnn load model.gguf'})
  }
  throw new NnError('invalid_argument', `The daemon has ${graphs.length} models: ${names}.`, {
    hint: 'Choose one with --model-name.',
  })
}
