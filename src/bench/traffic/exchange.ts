import type {Ask, Completion} from '../target.js'

/** A request of the traffic, before it is sent. */
export type TrafficRequest = Pick<Ask, 'prompt' | 'history' | 'session' | 'maxTokens'>

/** Text that arrived in one flush. */
export interface Arrival {
  atMs: number
  pieces: number
}

export type ExchangeOutcome =
  | {kind: 'running'}
  | {kind: 'completed'; completion: Completion}
  | {kind: 'failed'; error: Error}
  /** The measurement ended before the answer. */
  | {kind: 'aborted'}

/** A sent request and its response. All times are on the run's clock. */
export interface Exchange {
  request: TrafficRequest
  /** When it was due. Latencies count from here. */
  scheduledMs: number
  sentMs: number
  /** When it ended, for any reason; absent while it runs. */
  endedMs: number | undefined
  arrivals: Arrival[]
  text: string
  outcome: ExchangeOutcome
}

/** Pieces of text so far. */
export function piecesOf({arrivals}: Pick<Exchange, 'arrivals'>): number {
  return arrivals.reduce((sum, {pieces}) => sum + pieces, 0)
}
