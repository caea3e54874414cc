import type {GraphId} from '../backend/backend.js'
import type {RuntimeOptions} from '../backend/config/index.js'
import {initBackend, type LocalBackend} from '../backend/local.js'
import type {RemoteBackend} from '../backend/remote.js'
import type {GraphStatus} from '../backend/status.js'
import {loadHere} from '../cli/load/load-here.js'
import {Conversation} from './conversation.js'
import type {DaemonModel} from './daemon-model.js'
import type {Settings} from './settings.js'
import type {Output} from './style.js'

export interface OpenChatOptions {
  /** Path of a GGUF file. */
  model: string
  settings: Settings
  /** Id of the session to go on with; absent: a new one. */
  session?: string | undefined
  /** Folder in which conversations are kept; absent: they end with the chat. */
  stateDir?: string | undefined
  /** Where loading shows its progress. */
  progress: Output
  signal: AbortSignal
}

/** A loaded model and a conversation with it. Disposing releases what was opened for it. */
export interface OpenChat extends AsyncDisposable {
  conversation: Conversation
  model: GraphStatus
  session: string
  /** Why the folder for conversations lacks what was said last; `null` when it has it, or when there is none. */
  writeError: () => Promise<string | null>
}

/** Loads the model and opens a context. @throws what loading and the configuration can fail with. */
export async function openChat(chat: OpenChatOptions): Promise<OpenChat> {
  const {model, session, stateDir, progress, signal} = chat
  const {config, options} = chat.settings
  // All mistakes were found when the settings were read.
  const backend = await initBackend({
    config: JSON.stringify(config),
    strict: true,
    ...(stateDir !== undefined && {stateDir}),
  })
  try {
    return await openContext(backend, {graph: await loadHere(backend, model, {progress, signal}), session, options})
  } catch (error) {
    await backend.deinit()
    throw error
  }
}

/** Opens a context of a model that the daemon has; when it is disposed, the model stays. */
export function openDaemonChat(
  {backend, model}: DaemonModel,
  {session, options}: {session?: string | undefined; options: RuntimeOptions},
): Promise<OpenChat> {
  return openContext(backend, {graph: model.graph, session, options})
}

async function openContext(
  backend: LocalBackend | RemoteBackend,
  {graph, session, options}: {graph: GraphId; session: string | undefined; options: RuntimeOptions},
): Promise<OpenChat> {
  const context =
    session === undefined
      ? await backend.initExecutionContext(graph)
      : await backend.initExecutionContextWithSessionId(graph, session)
  const {contexts} = await backend.status('sessions')
  const {graphs} = await backend.status('model')
  const model = graphs.find((one) => one.graph === graph)
  if (model === undefined) throw new Error(`Graph ${graph} has no status.`)
  const conversation = new Conversation(backend, context, options, model.config.model.prompt_mode)
  const history = await backend.history(context)
  if (history.length > 0) conversation.resume(history)
  return {
    ...{conversation, model},
    session: contexts.find((one) => one.context === context)?.session ?? '',
    writeError: async () => (await backend.status('sessions')).write_error,
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  }
}
