import {NnError} from '../errors.js'
import {DaemonChat} from './daemon-chat.js'
import {findDaemonModel, findNamedModel, type DaemonModel} from '../pick-model/daemon-model.js'
import type {ModelFlags} from './flags.js'
import {openChat, type OpenChat} from './open-chat.js'
import {readOptionFlags, readSettings} from './settings.js'
import type {Output} from '../terminal/style.js'

export interface ChatRequest {
  /** Path of a GGUF file, or a name in the daemon; absent: the daemon's only model. */
  model: string | undefined
  /** Whether the chat always loads the model itself. */
  local: boolean
  socket: string
  flags: ModelFlags
  session: string | undefined
  progress: Output
  signal: AbortSignal
}

/** A chat with checked flags and model, before anything slow starts. */
export interface PreparedChat extends AsyncDisposable {
  /** Warnings about the configuration. */
  warnings: string[]
  /** Whether its session outlives the chat. */
  isKept: boolean
  open: () => Promise<OpenChat>
}

/** Flags that require a model that the chat loads. */
const ownFlags = ['config', 'set', 'ctx-size', 'gpu-layers', 'threads', 'state-dir'] as const

/** Finds the model and checks the flags. @throws what is wrong with them. */
export async function prepareChat(request: ChatRequest): Promise<PreparedChat> {
  const {model, local, socket, flags} = request
  if (local && model === undefined) {
    throw new NnError('invalid_argument', 'The model is missing.', {hint: 'Example: wnn chat --local model.gguf'})
  }
  const ownFlag = ownFlags.find((flag) => flags[flag] !== undefined)
  const found = local ? undefined : await findDaemonModel({socket, model, ownFlag, example: 'wnn chat model.gguf'})
  return found === undefined ? prepareOwn(request, model ?? '') : prepareShared(request, found)
}

function prepareOwn({flags, session, progress, signal}: ChatRequest, model: string): PreparedChat {
  const settings = readSettings(flags)
  const stateDir = flags['state-dir']
  return {
    warnings: settings.warnings,
    isKept: stateDir !== undefined,
    open: () => openChat({model, settings, session, stateDir, progress, signal}),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function prepareShared({flags, session, socket}: ChatRequest, found: DaemonModel): Promise<PreparedChat> {
  try {
    const options = readOptionFlags(flags, found.model.config)
    return {
      warnings: [],
      isKept: true,
      open: () => DaemonChat.open(found, {session, options, find: (name) => findNamedModel(socket, name)}),
      [Symbol.asyncDispose]: () => found[Symbol.asyncDispose](),
    }
  } catch (error) {
    await found[Symbol.asyncDispose]()
    throw error
  }
}
