import type {InFlight} from './in-flight.js'
import type {HttpLimits} from './limits.js'
import type {Metrics} from './metrics.js'
import type {Core} from '../backend/contract/core.js'

export type HttpLog = (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void

/** What all routes share. */
export interface Serving {
  backend: Core
  /** Names of models that are being loaded. */
  loading: () => readonly string[]
  limits: HttpLimits
  log: HttpLog
  metrics: Metrics
  inFlight: InFlight
}
