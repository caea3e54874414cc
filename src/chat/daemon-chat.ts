import type {RuntimeOptions} from '../config/index.js'
import type {RemoteCore} from '../rpc/client/remote-core.js'
import type {SessionsStatus} from '../backend/contract/status.js'
import type {Conversation} from './conversation.js'
import type {DaemonModel} from '../pick-model/daemon-model.js'
import {NnError} from '../errors.js'
import {isDaemonGone} from '../rpc/client/is-daemon-gone.js'
import {converseIn, openContext, tokensIn, type OpenChat, type OpenContext} from './open-chat.js'

export interface DaemonChatOptions {
  /** Id of the session to continue; absent: a new one. */
  session?: string | undefined
  options: RuntimeOptions
  /** Finds a model by its name in the daemon that currently listens. @throws `not_running`, `model_not_found`. */
  find: (name: string) => Promise<DaemonModel>
}

/** A chat with a model of the daemon. It survives a restart of the daemon or a reload of the model. */
export class DaemonChat implements OpenChat {
  readonly conversation: Conversation
  readonly host = 'daemon'

  private constructor(
    private backend: RemoteCore,
    private opened: OpenContext,
    private readonly given: DaemonChatOptions,
  ) {
    this.conversation = converseIn(backend, opened, given.options)
  }

  static async open({backend, model}: DaemonModel, given: DaemonChatOptions): Promise<DaemonChat> {
    return new DaemonChat(backend, await openIn(backend, model.graph, given.session), given)
  }

  get model(): OpenContext['model'] {
    return this.opened.model
  }

  get session(): string {
    return this.opened.session
  }

  /** The messages are always sent; the session keeps its id only if the id is certain to mean this conversation. */
  async reopen(): Promise<boolean> {
    if (await this.isOpen()) return false
    const before = this.backend
    const found = await this.given.find(this.model.name)
    const {backend, model} = found
    try {
      const {state_dir: stateDir} = await backend.status('sessions')
      const isKnown = stateDir !== null || backend.host.pid === before.host.pid
      const session = isKnown ? this.session : this.given.session
      this.opened = await openIn(backend, model.graph, session)
    } catch (error) {
      await found[Symbol.asyncDispose]()
      throw error
    }
    this.backend = backend
    this.conversation.moveTo(backend, this.opened.context, this.model.config.model.prompt_mode)
    await before[Symbol.asyncDispose]()
    return true
  }

  get whyNew(): string | undefined {
    return this.opened.whyNew
  }

  sessions(): Promise<SessionsStatus> {
    return this.backend.status('sessions')
  }

  async contextTokens(): Promise<number | undefined> {
    try {
      return await tokensIn(this.backend, this.opened)
    } catch (error) {
      // The conversation outlives the daemon, its cache does not.
      if (isDaemonGone(error)) return undefined
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend[Symbol.asyncDispose]()
  }

  private async isOpen(): Promise<boolean> {
    try {
      await this.backend.check(this.opened.context)
      return true
    } catch (error) {
      // The daemon is gone, or it is another one without this conversation.
      if (isDaemonGone(error) || (error instanceof NnError && error.reason === 'context_closed')) return false
      throw error
    }
  }
}

function openIn(backend: RemoteCore, graph: number, session: string | undefined): Promise<OpenContext> {
  return openContext(backend, {graph, session, host: 'daemon'})
}
