import {configFromObject, type Config, type RuntimeOptions} from '../../config/index.js'
import {NnError} from '../../errors.js'
import {initCore} from '../../backend/index.js'
import {findDaemonModel, type DaemonModel} from '../../pick-model/daemon-model.js'
import type {Output} from '../../terminal/style.js'
import {readConfigFlags} from '../../cli/config-flags.js'
import {modelName} from '../../rpc/model-name.js'
import {loadHere} from '../../pick-model/load/load-here.js'
import {answerSettings, modelFingerprint, sharedFingerprint} from './identity.js'
import {daemonModel, localModel, type BatchModel} from './batch-model.js'

export interface ModelRequest {
  /** Path of a GGUF file, or a name in the daemon; absent: the daemon's only model. */
  model: string | undefined
  /** Whether to always load it here. */
  local: boolean
  socket: string
  /** Configuration flags for a model that is loaded here. */
  config: {config?: string | undefined; set?: string[] | undefined}
  /** Number of items to answer together; absent: the number of decode slots. */
  concurrency: number | undefined
  progress: Output
  signal: AbortSignal
}

/** A model that was found and can be opened. */
export interface PreparedModel extends AsyncDisposable {
  /** Its name. */
  name: string
  /** Path from which it was loaded; the file may no longer exist. */
  file: string
  /** Configuration for its answers. */
  config: Config
  /** Further default options of items. */
  defaults: RuntimeOptions
  /** Everything that its answers depend on, for the record of the run. */
  settings: Record<string, unknown>
  open: () => Promise<BatchModel>
}

/** Finds the model and checks its configuration; loads nothing yet. @throws if either is wrong. */
export async function prepareModel(request: ModelRequest): Promise<PreparedModel> {
  const {model, local, socket, config} = request
  if (local && model === undefined) {
    throw new NnError('invalid_argument', '--local needs --model FILE.', {
      hint: 'Example: wnn batch prompts.jsonl --local --model model.gguf --output results.jsonl',
    })
  }
  const ownFlag = (['config', 'set'] as const).find((flag) => config[flag] !== undefined)
  const example = 'wnn batch prompts.jsonl --model model.gguf --output results.jsonl'
  const found = local ? undefined : await findDaemonModel({socket, model, ownFlag, example})
  return found === undefined ? prepareOwn(request, model ?? '') : prepareShared(found, socket)
}

/** Open only as many slots as are used. */
async function prepareOwn(
  {config: flags, concurrency, progress, signal}: ModelRequest,
  file: string,
): Promise<PreparedModel> {
  const limits = concurrency === undefined ? {} : {max_concurrent: concurrency, queue_size: Math.max(50, concurrency)}
  const flagged = readConfigFlags(flags)
  // What is not given has other defaults for items in OpenAI's form.
  const given = {...flagged, backend: {...limits, ...flagged['backend']}}
  const {config} = configFromObject(given, {strict: true})
  const fingerprint = await modelFingerprint(file)
  const name = modelName(file)
  return {
    ...{name, file, config},
    defaults: {},
    settings: {model: fingerprint, ...answerSettings(config)},
    open: async () => {
      const backend = await initCore({config: given, strict: true})
      try {
        return await localModel(backend, await loadHere(backend, file, {name, progress, signal}))
      } catch (error) {
        await backend.deinit()
        throw error
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** Interactive users come first. */
async function prepareShared(found: DaemonModel, socket: string): Promise<PreparedModel> {
  const {model} = found
  const {name, config} = model
  const defaults: RuntimeOptions = {priority: 'low'}
  return {
    ...{name, file: model.path, config, defaults},
    settings: {model: await sharedFingerprint(model), ...answerSettings(config, defaults)},
    open: () => Promise.resolve(daemonModel(found, socket)),
    [Symbol.asyncDispose]: () => found[Symbol.asyncDispose](),
  }
}
