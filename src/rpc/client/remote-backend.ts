import {WasiNnAdapter} from '../../backend/contract/adapter.js'
import {RemoteCore, type PrivateOptions} from './remote-core.js'

/** The WASI-NN calls on a daemon; `core` has the same in values. */
export class RemoteBackend extends WasiNnAdapter<RemoteCore> {
  /** The backend that the daemon shares among its clients. @throws `not_running`, `security`. */
  static async connect(socket: string): Promise<RemoteBackend> {
    return new RemoteBackend(await RemoteCore.connect(socket))
  }

  /** A backend of this client's own in the daemon. @throws as `initBackend`, and `not_running`, `security`. */
  static async init(socket: string, options: PrivateOptions = {}): Promise<RemoteBackend> {
    return new RemoteBackend(await RemoteCore.init(socket, options))
  }
}
