import type {Core} from '../../backend/contract/core.js'
import type {Backend} from '../../backend/contract/wasi-nn.js'

/** The backend of guests: the WASI-NN calls, and the typed core for embeddings. `LocalBackend` and `RemoteBackend` are such. */
export type NnBackend = Backend & {readonly core: Core}
