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

/** How often, in milliseconds, the daemon is asked: often enough to notice a switch soon, and at no cost to speak of. */
const switchCheckMs = 1000

/** A loaded model that answers a batch. Disposing releases what was opened for it. */
export interface BatchModel extends AsyncDisposable {
  backend: Core
  /** As it was when the batch began. */
  status: GraphStatus
  /** @throws why it can answer nothing any more, or is another one than when the batch began. */
  checkAlive: () => Promise<void>
  /** Whether it is still the one that the batch began with, looked up once in a while. @throws as `checkAlive`. */
  checkSame: () => Promise<void>
}

export async function localModel(backend: Core, graph: GraphId): Promise<BatchModel> {
  const dispose = (): Promise<void> => backend[Symbol.asyncDispose]()
  return {
    ...{backend, status: await findAlive(backend, graph)},
    checkAlive: async () => {
      await findAlive(backend, graph)
    },
    // Nobody else could switch it.
    checkSame: () => Promise.resolve(),
    [Symbol.asyncDispose]: dispose,
  }
}

/** The daemon's model; the connection is its finder's to close. */
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
  throw new NnError(
    'engine_failed',
    `The engine of ${found.name} died too often and is not restarted: ${found.last_crash ?? ''}`,
  )
}

/** The same file with other settings is another model, too. */
function refuseOther(before: GraphStatus, now: GraphStatus): void {
  if (now.path === before.path && isDeepStrictEqual(answerSettings(now.config), answerSettings(before.config))) return
  // Rows that follow may be of either model.
  throw rowsInDoubt(`The model was switched to ${now.path} during the batch: the last rows may be from the new model.`)
}

/** One that is about to end goes on with what it has begun, but takes nothing new. */
async function checkRunning(socket: string): Promise<void> {
  const connection = new DaemonConnection(socket)
  try {
    const {daemon} = await connection.json<FullStatus>('GET', '/status?types=queue')
    if (daemon.state === 'stopping') throw new NnError('daemon_stopping', 'The daemon is stopping.')
  } finally {
    connection.close()
  }
}
