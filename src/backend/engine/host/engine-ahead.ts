import {EngineChild} from './engine-child.js'
import type {HeartbeatLimits} from './heartbeat.js'

/** What the pool of an engine has unless slots are many and the vocabulary is large. */
const usualThreads = 1

/** A process that waits for a model to load. */
let waiting: EngineChild | undefined

/**
 * Starts the process of the next engine before its model is known: Node starts there while this process prepares the load.
 * For a program that is about to load a model, and exits if it cannot.
 */
export function startEngineAhead(): void {
  const child = new EngineChild(usualThreads)
  waiting = child
  void child.died.then(() => {
    if (waiting === child) waiting = undefined
  })
}

/** Ends the process that nobody has taken. */
export async function endEngineAhead(): Promise<void> {
  const child = waiting
  waiting = undefined
  await child?.end()
}

/** The process that was started ahead if it is as one is wanted, else a new one. */
export function takeEngine(samplingThreads: number, limits?: HeartbeatLimits): EngineChild {
  const child = waiting
  if (child === undefined) return new EngineChild(samplingThreads, limits)
  waiting = undefined
  if (samplingThreads === usualThreads && limits === undefined) return child
  void child.end()
  return new EngineChild(samplingThreads, limits)
}
