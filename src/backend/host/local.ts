import {WasiNnAdapter} from '../contract/adapter.js'
import {initCore, type LocalCore} from './core.js'
import type {InitOptions} from './init-options.js'

/** Initializes a backend in this process (`init_backend`, `init_backend_with_config`). Fails like `initCore`. */
export async function initBackend(options: InitOptions = {}): Promise<LocalBackend> {
  return new LocalBackend(await initCore(options))
}

/** The WASI-NN calls on the backend in this process; `core` is its typed interface. */
export class LocalBackend extends WasiNnAdapter<LocalCore> {}
