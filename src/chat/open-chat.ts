import path from 'node:path'
import {initBackend, type LocalBackend} from '../backend/local.js'
import type {GraphStatus} from '../backend/status.js'
import {Conversation} from './conversation.js'
import type {Settings} from './settings.js'
import type {Output} from './style.js'
import {TransientLine} from './transient-line.js'

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

/** A loaded model and a conversation with it. Disposing releases the model and its process. */
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
    const graph = await load(backend, model, progress, signal)
    const context =
      session === undefined
        ? await backend.initExecutionContext(graph)
        : await backend.initExecutionContextWithSessionId(graph, session)
    const {contexts} = await backend.status('sessions')
    const {graphs} = await backend.status('model')
    const status = graphs.find((one) => one.graph === graph)
    if (status === undefined) throw new Error(`Graph ${graph} has no status.`)
    const conversation = new Conversation(backend, context, options, config.model.prompt_mode)
    const history = backend.history(context)
    if (history.length > 0) conversation.resume(history)
    return {
      conversation,
      model: status,
      session: contexts.find((one) => one.context === context)?.session ?? '',
      writeError: async () => (await backend.status('sessions')).write_error,
      [Symbol.asyncDispose]: () => backend.deinit(),
    }
  } catch (error) {
    await backend.deinit()
    throw error
  }
}

async function load(backend: LocalBackend, model: string, progress: Output, signal: AbortSignal): Promise<number> {
  const name = path.basename(model)
  using line = new TransientLine(progress, `Loading ${name}…`)
  return await backend.loadByName(model, {
    signal,
    onProgress: (fraction) => line.update(`Loading ${name}… ${Math.round(fraction * 100)} %`),
  })
}
