import type {Backend, Embedder} from '../backend/contract/backend.js'

/** What the routes answer from: the lifecycle, and embeddings where it has them. */
export type ServedBackend = Backend & Partial<Embedder>
