import type {ContextId, GraphId} from '../../backend/contract/types.js'
import {NnError} from '../../errors.js'
import type {OptionValues} from './options.js'

/** A graph that a guest loaded. */
export interface GuestGraph {
  /** The backend's handle. */
  id: GraphId
  /** Name of the preload; absent for a model that was passed as bytes. */
  name?: string
  /** Path of the model; absent for a model that was passed as bytes. */
  path?: string
  options: OptionValues
  /** Its key in the pool of graphs that guests share, if it is in one. */
  pooled?: {path: string; config: string}
  /** `unusable` after a reload that failed, until another one succeeds. */
  state: 'loaded' | 'unusable' | 'unloaded'
  /** Tokens of a context and of one decode step. */
  ctxSize: number
  batchSize: number
}

/** The outputs of a context, or the error that reading them gave. */
export type Kept = Record<OutputName, Buffer | NnError>
export type OutputName = `${'answer' | 'step'}-${'text' | 'metadata'}`

/** An execution context that a guest opened. */
export interface GuestContext {
  /** The backend's handle. */
  id: ContextId
  graph: GuestGraph
  /** Those of the graph, and those that were set for the context. */
  options: OptionValues
  prompt?: string
  /** The output of the last compute with `embedding`. */
  embedding?: {text: string; tokens: number}
  /** What can still be read after the graph was unloaded. */
  kept?: Kept
}

/** @throws `invalid_argument` for a graph that is not loaded. */
export function requireLoaded({state, name}: GuestGraph): void {
  const which = name === undefined ? 'The graph' : `The graph "${name}"`
  if (state === 'unloaded') throw new NnError('graph_not_loaded', `${which} was unloaded.`)
}

/** @throws `invalid_argument` for a graph that is not loaded, or whose last reload failed. */
export function requireUsable(graph: GuestGraph): void {
  requireLoaded(graph)
  if (graph.state !== 'unusable') return
  throw new NnError('invalid_argument', 'The last reload of the graph failed.', {
    hint: 'Set other options with set_input and index 1, or unload the graph.',
  })
}
