import type {GraphStatus} from '../backend/contract/status.js'

/** The graph of that name, else of that number. */
export function graphOf(graphs: readonly GraphStatus[], model: string): GraphStatus | undefined {
  return graphs.find(({name}) => name === model) ?? graphs.find(({graph}) => String(graph) === model)
}
