import type {ContextId, GraphId} from '../backend/contract/types.js'
import type {RuntimeOptions} from '../config/index.js'
import {initCore} from '../backend/index.js'
import type {Core} from '../backend/contract/core.js'
import type {GraphStatus, SessionsStatus} from '../backend/contract/status.js'
import {loadHere} from '../pick-model/load/load-here.js'
import {explainNew, type Host} from './continuation.js'
import {Conversation, type Message} from './conversation.js'
import type {Settings} from './settings.js'
import type {Output} from '../terminal/style.js'

export interface OpenChatOptions {
  /** Path of a GGUF file. */
  model: string
  settings: Settings
  /** Id of the session to continue; absent: a new one. */
  session?: string | undefined
  /** Folder for conversations; absent: they end with the chat. */
  stateDir?: string | undefined
  /** Where loading shows its progress. */
  progress: Output
  signal: AbortSignal
}

/** A loaded model and a conversation with it. Disposing releases its resources. */
export interface OpenChat extends AsyncDisposable {
  readonly conversation: Conversation
  readonly model: GraphStatus
  readonly session: string
  /** Reopens it if the daemon no longer has it. `false`: it is still open. @throws if it cannot be reopened. */
  reopen: () => Promise<boolean>
  /** The owner of the session. */
  readonly host: Host['kind']
  /** Why the requested session is new; `undefined` if it continues or none was requested. */
  readonly whyNew: string | undefined
  /** The current session status of its backend. */
  sessions: () => Promise<SessionsStatus>
  /** Tokens of its session in the context; `undefined` if no slot has them. */
  contextTokens: () => Promise<number | undefined>
}

/** Loads the model and opens a context. @throws errors of loading and of the configuration. */
export async function openChat(chat: OpenChatOptions): Promise<OpenChat> {
  const {model, session, stateDir, progress, signal} = chat
  const {config, options} = chat.settings
  // All mistakes were found when the settings were read.
  const backend = await initCore({
    config,
    strict: true,
    ...(stateDir !== undefined && {stateDir}),
  })
  try {
    const opened = await openContext(backend, {
      graph: await loadHere(backend, model, {progress, signal}),
      session,
      host: 'command',
    })
    return {
      ...{conversation: converseIn(backend, opened, options), model: opened.model, session: opened.session},
      ...{host: 'command', whyNew: opened.whyNew},
      // Only the chat closes what it opened here.
      reopen: () => Promise.resolve(false),
      sessions: () => backend.status('sessions'),
      contextTokens: () => tokensIn(backend, opened),
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    }
  } catch (error) {
    await backend.deinit()
    throw error
  }
}

/** A context, and what its backend says of it. */
export interface OpenContext {
  context: ContextId
  model: GraphStatus
  session: string
  /** The history of its session. */
  history: readonly Message[]
  /** Why the requested session is new. */
  whyNew: string | undefined
}

/** Opens a context of a graph, in that session or in a new one. */
export async function openContext(
  backend: Core,
  {graph, session, host}: {graph: GraphId; session: string | undefined; host: Host['kind']},
): Promise<OpenContext> {
  const whyNew = session === undefined ? undefined : await explainIfNew(backend, session, host)
  const opened = await backend.open(graph, session === undefined ? {} : {session})
  const {conversation: context, model, messages} = opened
  return {context, model, session: opened.session, history: messages, whyNew}
}

/** Tokens of a session in its slot; `undefined` if it has none. */
export async function tokensIn(
  backend: Core,
  {model, session}: Pick<OpenContext, 'model' | 'session'>,
): Promise<number | undefined> {
  const {graphs} = await backend.status('memory')
  const slots = graphs.find(({graph}) => graph === model.graph)?.slots
  return slots?.find((slot) => slot.session === session)?.tokens
}

async function explainIfNew(backend: Core, session: string, kind: Host['kind']): Promise<string | undefined> {
  const {uptime_ms: uptimeMs} = await backend.status('performance')
  return explainNew(session, await backend.status('sessions'), kind === 'daemon' ? {kind, uptimeMs} : {kind})
}

/** The conversation in a context; continues from the history of its session. */
export function converseIn(
  backend: Core,
  {context, model, history}: OpenContext,
  options: RuntimeOptions,
): Conversation {
  const conversation = new Conversation(backend, context, options, model.config.model.prompt_mode)
  if (history.length > 0) conversation.resume(history)
  return conversation
}
