import {randomUUID} from 'node:crypto'
import path from 'node:path'
import type {
  Answer,
  AnswerOptions,
  AnswerRequest,
  AnswerTarget,
  ChatTurn,
  OpenConversation,
  Core,
  GraphConfig,
  LoadModelOptions,
  ModelSource,
  OpenOptions,
  PromptCount,
  RenderedPrompt,
  Step,
  TokenizedText,
  TokenizeOptions,
} from '../../backend/contract/core.js'
import type {BackendStatus, GraphStatus, StatusType} from '../../backend/contract/status.js'
import type {SwitchOptions, SwitchReport} from '../../backend/contract/switch.js'
import type {ContextId, Embeddings, EmbedOptions, GraphId} from '../../backend/contract/types.js'
import type {RuntimeOptions} from '../../config/index.js'
import {NnError} from '../../errors.js'
import type {MethodName, RemoteMethods} from '../protocol.js'
import {sendCall} from './call.js'
import {DaemonConnection} from './connection.js'
import {Lease} from './lease.js'

export interface PrivateOptions {
  /** As for `initBackend`. */
  config?: string
  strict?: boolean
}

/** Name of the backend that all clients of a daemon share. */
const shared = 'main'

/**
 * A backend in the daemon that listens on a socket. What this client opens is closed when it is released or its process
 * ends; models and sessions of the shared backend stay.
 */
export class RemoteCore implements Core {
  private released = false

  private constructor(
    private readonly connection: DaemonConnection,
    private readonly lease: Lease,
    private readonly backend: string,
  ) {}

  /** The backend that the daemon shares among its clients. @throws `not_running`, `security`. */
  static async connect(socket: string): Promise<RemoteCore> {
    return RemoteCore.open(socket, () => Promise.resolve(shared))
  }

  /** A backend of this client's own in the daemon. @throws as `initBackend`, and `not_running`, `security`. */
  static async init(socket: string, options: PrivateOptions = {}): Promise<RemoteCore> {
    return RemoteCore.open(socket, async (connection, {client}) => {
      const request = {client, folder: process.cwd(), ...options}
      const {backend} = await connection.json<{backend: string}>('POST', '/rpc/backends', request)
      return backend
    })
  }

  private static async open(
    socket: string,
    choose: (connection: DaemonConnection, lease: Lease) => Promise<string>,
  ): Promise<RemoteCore> {
    const connection = new DaemonConnection(socket)
    const lease = await Lease.open(connection)
    try {
      return new RemoteCore(connection, lease, await choose(connection, lease))
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

  load(source: ModelSource, options?: LoadModelOptions): Promise<GraphId> {
    return this.call('load', ['name' in source ? {name: fromHere(source.name)} : source, options])
  }

  switchModel(
    graph: GraphId,
    target: {name: string; config?: GraphConfig},
    options?: SwitchOptions,
  ): Promise<SwitchReport> {
    return this.call('switchModel', [graph, {...target, name: fromHere(target.name)}, options])
  }

  unload(graph: GraphId): Promise<void> {
    return this.call('unload', [graph])
  }

  graphs(): Promise<GraphStatus[]> {
    return this.call('graphs', [])
  }

  open(graph: GraphId, options?: OpenOptions): Promise<OpenConversation> {
    return this.call('open', [graph, options])
  }

  close(conversation: ContextId): Promise<void> {
    return this.call('close', [conversation])
  }

  check(conversation: ContextId): Promise<void> {
    return this.call('check', [conversation])
  }

  history(conversation: ContextId): Promise<ChatTurn[]> {
    return this.call('history', [conversation])
  }

  answer(target: AnswerTarget, request: AnswerRequest, options?: AnswerOptions): Promise<Answer> {
    return this.call('answer', [target, request, options])
  }

  step(conversation: ContextId, request: AnswerRequest, options?: AnswerOptions): Promise<Step> {
    return this.call('step', [conversation, request, options])
  }

  endSteps(conversation: ContextId, options?: {wait?: boolean}): Promise<Answer | undefined> {
    return this.call('endSteps', [conversation, options])
  }

  count(target: AnswerTarget, request: AnswerRequest): Promise<PromptCount> {
    return this.call('count', [target, request])
  }

  render(target: AnswerTarget, request: AnswerRequest): Promise<RenderedPrompt> {
    return this.call('render', [target, request])
  }

  tokenize(graph: GraphId, text: string, options?: TokenizeOptions): Promise<TokenizedText> {
    return this.call('tokenize', [graph, text, options])
  }

  detokenize(graph: GraphId, tokens: readonly number[]): Promise<string> {
    return this.call('detokenize', [graph, tokens])
  }

  readOptions(conversation: ContextId, text: string): Promise<RuntimeOptions> {
    return this.call('readOptions', [conversation, text])
  }

  embed(graph: GraphId, texts: readonly string[], options?: EmbedOptions): Promise<Embeddings> {
    return this.call('embed', [graph, texts, options])
  }

  status<T extends StatusType>(type: T): Promise<BackendStatus[T]> {
    return this.call('status', [type]) as Promise<BackendStatus[T]>
  }

  /** Releases everything of this client in the daemon; a shared backend stays. `invalid_argument` the second time. */
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
    if (this.released) throw new NnError('backend_released', 'The backend was released (deinit_backend).')
  }
}

/** The daemon has another working directory. */
function fromHere(name: string): string {
  return typeof name === 'string' && name !== '' ? path.resolve(name) : name
}
