import {isDeepStrictEqual} from 'node:util'
import type {Core} from '../../backend/contract/core.js'
import type {GraphId} from '../../backend/contract/types.js'
import {NnError} from '../../errors.js'
import {DaemonConnection} from '../../rpc/client/connection.js'
import type {GraphStatus} from '../../backend/contract/status.js'
import type {DaemonModel} from '../../pick-model/daemon-model.js'
import type {FullStatus} from '../../rpc/daemon-status.js'
import {rowsInDoubt} from '../rows-in-doubt.js'
import {atMostEvery} from './at-most-every.js'
import {answerSettings} from './identity.js'

/** Interval between two requests to the daemon in milliseconds: a switch is noticed soon, at almost no cost. */
const switchCheckMs = 1000

/** A loaded model that answers a batch. Disposing releases its resources. */
export interface BatchModel extends AsyncDisposable {
  backend: Core
  /** State at the start of the batch. */
  status: GraphStatus
  /** @throws why it cannot answer any more, or that it was replaced since the start of the batch. */
  checkAlive: () => Promise<void>
  /** Checks now and then that it is still the model of the start. @throws like `checkAlive`. */
  checkSame: () => Promise<void>
}

export async function localModel(backend: Core, graph: GraphId): Promise<BatchModel> {
  const dispose = (): Promise<void> => backend[Symbol.asyncDispose]()
  return {
    ...{backend, status: await findAlive(backend, graph)},
    checkAlive: async () => {
      await findAlive(backend, graph)
    },
    // No other client can switch it.
    checkSame: () => Promise.resolve(),
    [Symbol.asyncDispose]: dispose,
  }
}

/** The daemon's model. The caller closes the connection. */
export function daemonModel({backend, model}: DaemonModel, socket: string): BatchModel {
  const checkSame = async (): Promise<void> => refuseOther(model, await findAlive(backend, model.graph))
  return {
    ...{backend, status: model},
    checkAlive: async () => {
      await checkRunning(socket)
      await checkSame()
    },
    checkSame: atMostEvery(switchCheckMs, checkSame),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function findAlive(backend: Core, graph: GraphId): Promise<GraphStatus> {
  const graphs = await backend.graphs()
  const found = graphs.find((one) => one.graph === graph)
  if (found === undefined) throw new NnError('model_unloaded', 'The model was unloaded.')
  if (found.state !== 'failed') return found
  throw new NnError('engine_failed', found.failure ?? `The engine of ${found.name} is not restarted.`)
}

/** The same file with other settings or contents is also another model. */
function refuseOther(before: GraphStatus, now: GraphStatus): void {
  const isSameFile = now.path === before.path && now.content_id === before.content_id
  if (isSameFile && isDeepStrictEqual(answerSettings(now.config), answerSettings(before.config))) return
  // The next rows may be from either model.
  throw rowsInDoubt(`The model was switched to ${now.path} during the batch: the last rows may be from the new model.`)
}

/** A daemon that is stopping finishes running answers but accepts no new ones. */
async function checkRunning(socket: string): Promise<void> {
  const connection = new DaemonConnection(socket)
  try {
    const {daemon} = await connection.json<FullStatus>('GET', '/status?types=queue')
    if (daemon.state === 'stopping') throw new NnError('daemon_stopping', 'The daemon is stopping.')
  } finally {
    connection.close()
  }
}
