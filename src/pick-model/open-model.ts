import {initCore} from '../backend/index.js'
import type {Core} from '../backend/contract/core.js'
import type {GraphStatus} from '../backend/contract/status.js'
import {configFromObject} from '../config/index.js'
import {NnError} from '../errors.js'
import type {Output} from '../terminal/style.js'
import {findDaemonModel} from './daemon-model.js'
import {loadHere} from './load/load-here.js'

/** A model that can be asked, of the daemon or loaded by the command. Disposing releases it. */
export interface OpenModel extends AsyncDisposable {
  core: Core
  model: GraphStatus
}

export interface OpenModelRequest {
  socket: string
  /** Path of a GGUF file, or a name or graph id in the daemon; absent: the daemon's only model. */
  model: string | undefined
  /** Configuration for a model that is loaded here, by own names in their sections. */
  config: Record<string, Record<string, unknown>>
  /** Flag that gave the configuration, without its dashes. */
  configFlag: string | undefined
  example: string
  progress: Output
  signal: AbortSignal
}

/** Opens a model for one command: the daemon's if it has it, else loaded here with one decode slot. */
export async function openModel(request: OpenModelRequest): Promise<OpenModel> {
  const {socket, model, config, configFlag, example, progress, signal} = request
  const found = await findDaemonModel({socket, model, ownFlag: configFlag, example})
  if (found !== undefined) {
    return {core: found.backend, model: found.model, [Symbol.asyncDispose]: () => found[Symbol.asyncDispose]()}
  }
  const base = configFromObject({model: {parallel: 1}}, {strict: true}).config
  const core = await initCore({config: configFromObject(config, {base, strict: true}).config, strict: true})
  try {
    const graph = await loadHere(core, model ?? '', {progress, signal})
    const loaded = (await core.graphs()).find((one) => one.graph === graph)
    if (loaded === undefined) throw new NnError('model_unloaded', `Graph ${graph} was unloaded.`)
    return {core, model: loaded, [Symbol.asyncDispose]: () => core[Symbol.asyncDispose]()}
  } catch (error) {
    await core.deinit()
    throw error
  }
}
