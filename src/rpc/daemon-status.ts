import type {BackendStatus} from '../backend/contract/status.js'

/** What a daemon says of itself. Times are milliseconds. */
export interface DaemonStatus {
  pid: number
  socket: string
  version: string
  uptime_ms: number
  /** It takes nothing new once it is `stopping`. */
  state: 'running' | 'stopping'
  clients: number
  /** Calls in flight. */
  calls: number
}

/** What `GET /status` gives: the daemon, and the types that were asked for. */
export type FullStatus = {daemon: DaemonStatus} & BackendStatus
