import type {Turn} from './turn-log.js'

/** The largest difference in arrival between a task and a later one that was served first, in milliseconds. */
export function largestOvertaking(turns: readonly Turn[]): number {
  let largest = 0
  for (const waiting of turns) {
    for (const other of turns) {
      const overtook = other.arrivedAt > waiting.arrivedAt && other.startedAt < waiting.startedAt
      if (overtook) largest = Math.max(largest, other.arrivedAt - waiting.arrivedAt)
    }
  }
  return largest
}

/** How often one other session was served, at most, while a task waited. It is once if sessions take turns. */
export function mostTurnsWhileOneWaited(turns: readonly Turn[]): number {
  let most = 0
  for (const waiting of turns) {
    const served = new Map<string, number>()
    for (const {session, startedAt} of turns) {
      if (session === waiting.session || startedAt < waiting.arrivedAt || startedAt > waiting.startedAt) continue
      served.set(session, (served.get(session) ?? 0) + 1)
    }
    most = Math.max(most, ...served.values())
  }
  return most
}
