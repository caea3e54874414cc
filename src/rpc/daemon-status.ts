import type {BackendStatus} from '../backend/contract/status.js'

/** The status of a daemon. Times are in milliseconds. */
export interface DaemonStatus {
  pid: number
  socket: string
  version: string
  uptime_ms: number
  /** When `stopping`, it accepts no new work. */
  state: 'running' | 'stopping'
  clients: number
  /** Calls in flight. */
  calls: number
}

/** Response of `GET /status`: the daemon and the requested types. */
export type FullStatus = {daemon: DaemonStatus} & BackendStatus
