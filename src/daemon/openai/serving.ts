import type {Backend, Embedder} from '../../backend/backend.js'
import type {InFlight} from './in-flight.js'
import type {HttpLimits} from './limits.js'
import type {Metrics} from './metrics.js'

/** What the routes answer from: the lifecycle, and embeddings where it has them. */
export type ServedBackend = Backend & Partial<Embedder>

export type HttpLog = (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void

/** What all routes share. */
export interface Serving {
  backend: ServedBackend
  limits: HttpLimits
  log: HttpLog
  metrics: Metrics
  inFlight: InFlight
}
