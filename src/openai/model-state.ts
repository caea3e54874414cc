import type {GraphStatus} from '../backend/contract/status.js'

/** `ready`, and while it is `switching`, a model takes requests. `restarting`: the next ones wait until its engine runs. */
export type ModelState = 'ready' | 'switching' | 'loading' | 'restarting' | 'failed'

export function stateOf({state}: Pick<GraphStatus, 'state'>): ModelState {
  if (state === 'starting' || state === 'stopped') return 'restarting'
  return state
}

export function isUsable(state: ModelState): boolean {
  return state === 'ready' || state === 'switching'
}

/** Why the model is not as it should be; `null` if it is. */
export function reasonOf({failure, file_change: change, last_crash: crash, path, state}: GraphStatus): string | null {
  if (failure !== null) return failure
  if (stateOf({state}) === 'restarting') return `Its engine is being started again. ${crash ?? ''}`.trim()
  if (change === null) return null
  return `${path} ${change}. The loaded model goes on, but it cannot be started again.`
}

/** Seconds after which to ask again; `undefined` where waiting does not help. */
export function secondsToRetry(state: GraphStatus['state'] | 'loading'): number | undefined {
  if (state === 'loading' || state === 'starting') return 1
  // The host tries again every ten seconds.
  return state === 'stopped' ? 10 : undefined
}
