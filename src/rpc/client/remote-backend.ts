import {randomUUID} from 'node:crypto'
import path from 'node:path'
import type {
  Backend,
  ComputeOptions,
  ContextId,
  ContextOptions,
  EmbedOptions,
  Embeddings,
  ExecutionTarget,
  GraphEncoding,
  GraphId,
  LoadOptions,
  Tensor,
} from '../../backend/contract/backend.js'
import {NnError} from '../../errors.js'
import type {SwitchOptions, SwitchReport} from '../../backend/contract/switch.js'
import {sendCall} from './call.js'
import {DaemonConnection} from './connection.js'
import {Lease} from './lease.js'
import type {MethodName, RemoteMethods} from '../protocol.js'
import type {BackendStatus, StatusType} from '../../backend/contract/status.js'

export interface PrivateOptions {
  /** As for `initBackend`. */
  config?: string
  strict?: boolean
}

/** Name of the backend that all clients of a daemon share. */
const shared = 'main'

/**
 * The lifecycle in the daemon that listens on a socket. What this client opens there is closed when it is released, or
 * when its process ends, however that ends; models and sessions of the shared backend stay.
 */
export class RemoteBackend implements Backend, RemoteMethods {
  private released = false

  private constructor(
    private readonly connection: DaemonConnection,
    private readonly lease: Lease,
    private readonly backend: string,
  ) {}

  /** The backend that the daemon shares among its clients. @throws `not_running`, `security`. */
  static async connect(socket: string): Promise<RemoteBackend> {
    return RemoteBackend.open(socket, () => Promise.resolve(shared))
  }

  /** A backend of this client's own in the daemon. @throws as `initBackend`, and `not_running`, `security`. */
  static async init(socket: string, options: PrivateOptions = {}): Promise<RemoteBackend> {
    return RemoteBackend.open(socket, async (connection, {client}) => {
      const request = {client, folder: process.cwd(), ...options}
      const {backend} = await connection.json<{backend: string}>('POST', '/rpc/backends', request)
      return backend
    })
  }

  private static async open(
    socket: string,
    choose: (connection: DaemonConnection, lease: Lease) => Promise<string>,
  ): Promise<RemoteBackend> {
    const connection = new DaemonConnection(socket)
    const lease = await Lease.open(connection)
    try {
      return new RemoteBackend(connection, lease, await choose(connection, lease))
    } catch (error) {
      await lease.end()
      connection.close()
      throw error
    }
  }

  /** The daemon's process. */
  get host(): {pid: number; temporaryFolder: string} {
    return this.lease.greeting
  }

  load(
    builders: readonly Uint8Array[],
    encoding: GraphEncoding,
    target: ExecutionTarget,
    options?: LoadOptions,
  ): Promise<GraphId> {
    return this.call('load', [builders, encoding, target, options])
  }

  loadByName(name: string, options?: LoadOptions): Promise<GraphId> {
    return this.call('loadByName', [fromHere(name), options])
  }

  loadByNameWithConfig(name: string, config: string, options?: LoadOptions): Promise<GraphId> {
    return this.call('loadByNameWithConfig', [fromHere(name), config, options])
  }

  switchGraph(graph: GraphId, name: string, config?: string, options?: SwitchOptions): Promise<SwitchReport> {
    return this.call('switchGraph', [graph, fromHere(name), config, options])
  }

  initExecutionContext(graph: GraphId, options?: ContextOptions): Promise<ContextId> {
    return this.call('initExecutionContext', [graph, options])
  }

  initExecutionContextWithSessionId(
    graph: GraphId,
    sessionId: string,
    options?: Pick<ContextOptions, 'counted'>,
  ): Promise<ContextId> {
    return this.call('initExecutionContextWithSessionId', [graph, sessionId, options])
  }

  setInput(context: ContextId, index: number, tensor: Tensor): Promise<void> {
    return this.call('setInput', [context, index, tensor])
  }

  compute(context: ContextId, options?: ComputeOptions): Promise<void> {
    return this.call('compute', [context, options])
  }

  getOutput(context: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    return this.call('getOutput', [context, index, buffer])
  }

  computeSingle(context: ContextId, options?: ComputeOptions): Promise<void> {
    return this.call('computeSingle', [context, options])
  }

  getOutputSingle(context: ContextId, index: number, buffer: Uint8Array): Promise<number> {
    return this.call('getOutputSingle', [context, index, buffer])
  }

  finiSingle(context: ContextId): Promise<void> {
    return this.call('finiSingle', [context])
  }

  runInference(
    context: ContextId,
    index: number,
    tensor: Tensor,
    buffer: Uint8Array,
    runtimeOptions?: string,
    options?: ComputeOptions,
  ): Promise<number> {
    return this.call('runInference', [context, index, tensor, buffer, runtimeOptions, options])
  }

  embed(graph: GraphId, texts: readonly string[], options?: EmbedOptions): Promise<Embeddings> {
    return this.call('embed', [graph, texts, options])
  }

  closeExecutionContext(context: ContextId): Promise<void> {
    return this.call('closeExecutionContext', [context])
  }

  unload(graph: GraphId): Promise<void> {
    return this.call('unload', [graph])
  }

  getBackendStatus(type: StatusType, buffer: Uint8Array): Promise<number> {
    return this.call('getBackendStatus', [type, buffer])
  }

  status<T extends StatusType>(type: T): Promise<BackendStatus[T]> {
    return this.call('status', [type]) as Promise<BackendStatus[T]>
  }

  /** What was said so far in a context's session, the oldest first. @throws `invalid_argument` for an unknown context. */
  history(context: ContextId): ReturnType<RemoteMethods['history']> {
    return this.call('history', [context])
  }

  /** Releases what this client has in the daemon; a shared backend stays there. `invalid_argument` the second time. */
  async deinit(): Promise<void> {
    this.checkAlive()
    try {
      if (this.backend !== shared) await this.call('deinit', [])
    } finally {
      this.released = true
      await this.lease.end()
      this.connection.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.released) await this.deinit()
  }

  private async call<M extends MethodName>(
    method: M,
    args: Parameters<RemoteMethods[M]>,
  ): Promise<Awaited<ReturnType<RemoteMethods[M]>>> {
    this.checkAlive()
    const request = {client: this.lease.client, call: randomUUID()}
    const result = await sendCall(this.connection, this.backend, method, args, request)
    return result as Awaited<ReturnType<RemoteMethods[M]>>
  }

  private checkAlive(): void {
    if (this.released) throw new NnError('invalid_argument', 'The backend was released (deinit_backend).')
  }
}

/** The daemon has another working directory. */
function fromHere(name: string): string {
  return typeof name === 'string' && name !== '' ? path.resolve(name) : name
}
