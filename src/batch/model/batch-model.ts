import type {Backend, Embedder, GraphId} from '../../backend/backend.js'
import {NnError} from '../../backend/errors.js'
import type {LocalBackend} from '../../backend/local.js'
import {DaemonConnection} from '../../backend/remote/connection.js'
import type {GraphStatus} from '../../backend/status.js'
import type {DaemonModel} from '../../chat/daemon-model.js'
import type {FullStatus} from '../../daemon/status.js'

/** A loaded model that answers a batch. Disposing releases what was opened for it. */
export interface BatchModel extends AsyncDisposable {
  backend: Backend & Embedder
  /** As it was when the batch began. */
  status: GraphStatus
  /** The model as it is now. @throws why it can answer nothing any more. */
  checkAlive: () => Promise<GraphStatus>
}

export async function localModel(backend: LocalBackend, graph: GraphId): Promise<BatchModel> {
  const checkAlive = (): Promise<GraphStatus> => findAlive(backend, graph)
  const dispose = (): Promise<void> => backend[Symbol.asyncDispose]()
  return {backend, status: await checkAlive(), checkAlive, [Symbol.asyncDispose]: dispose}
}

/** The daemon's model; the connection is its finder's to close. */
export function daemonModel({backend, model}: DaemonModel, socket: string): BatchModel {
  return {
    ...{backend, status: model},
    checkAlive: async () => {
      await checkRunning(socket)
      return findAlive(backend, model.graph)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function findAlive(backend: Backend, graph: GraphId): Promise<GraphStatus> {
  const {graphs} = await backend.status('model')
  const found = graphs.find((one) => one.graph === graph)
  if (found === undefined) throw new NnError('runtime_error', 'The model was unloaded.')
  if (found.state !== 'failed') return found
  throw new NnError(
    'runtime_error',
    `The engine of ${found.name} died too often and was given up: ${found.last_crash ?? ''}`,
  )
}

/** One that is about to end goes on with what it has begun, but takes nothing new. */
async function checkRunning(socket: string): Promise<void> {
  const connection = new DaemonConnection(socket)
  try {
    const {daemon} = await connection.json<FullStatus>('GET', '/status?types=queue')
    if (daemon.state === 'stopping') throw new NnError('runtime_error', 'The daemon is stopping.')
  } finally {
    connection.close()
  }
}
