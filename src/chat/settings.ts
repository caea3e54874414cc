import {configFromObject, parseConfig, readPair, type Config, type RuntimeOptions} from '../config/index.js'
import {NnError} from '../errors.js'
import {readDocument} from '../documents/index.js'
import type {ModelFlags} from './flags.js'
import {checkOptions, noRawInstructions} from './options.js'

/** The settings of a new chat. */
export interface Settings {
  config: Config
  options: RuntimeOptions
  /** Warnings about the configuration. */
  warnings: string[]
}

/**
 * Defaults for one user at a keyboard: a pause does not end the conversation, and memory goes to one context instead of
 * several. With a state folder each chat adds a session, and none is removed automatically, so the limit is the
 * maximum.
 */
const chatDefaults = {
  backend: {auto_cleanup: false, max_sessions: 10_000},
  model: {parallel: 1},
}

/** The configuration file overrides the defaults of a chat, `--set` the file, and the other flags all of them. */
export function readSettings(flags: ModelFlags): Settings {
  const {config: file, set = []} = flags
  const base = configFromObject(chatDefaults, {strict: true}).config
  const parsed =
    file === undefined ? {config: base, warnings: []} : parseConfig(readDocument(file), {base, file, strict: true})
  const layers = [...set.map(readPair), modelKeys(flags)]
  const config = layers.reduce<Config>(
    (below, layer) => configFromObject(layer, {base: below, strict: true}).config,
    parsed.config,
  )
  return {config, options: readOptionFlags(flags, config), warnings: parsed.warnings.map(({message}) => message)}
}

/** The options that the flags set for each answer. @throws `invalid_argument` that names each mistake. */
export function readOptionFlags(flags: ModelFlags, config: Config): RuntimeOptions {
  const options = checkOptions(optionKeys(flags), config)
  const isRaw = (options.prompt_mode ?? config.model.prompt_mode) === 'raw'
  if (flags['state-dir'] !== undefined && isRaw) {
    throw new NnError('invalid_argument', '--state-dir keeps histories, and raw prompts have none.', {
      hint: 'Remove --state-dir, or use prompts in chat mode.',
    })
  }
  if (flags.system !== undefined && isRaw) {
    throw new NnError('invalid_argument', noRawInstructions, {
      hint: 'Remove --system, or use prompts in chat mode.',
    })
  }
  return options
}

function modelKeys({threads, 'ctx-size': ctxSize, 'gpu-layers': gpuLayers}: ModelFlags): object {
  return given({
    ctx_size: ctxSize,
    n_gpu_layers: gpuLayers !== undefined && /^-?\d+$/.test(gpuLayers) ? Number(gpuLayers) : gpuLayers,
    threads,
  })
}

function optionKeys(flags: ModelFlags): object {
  return given({
    temp: flags.temp,
    top_p: flags['top-p'],
    top_k: flags['top-k'],
    min_p: flags['min-p'],
    repeat_penalty: flags['repeat-penalty'],
    seed: flags.seed,
    max_tokens: flags['max-tokens'],
    stop: flags.stop,
    prompt_mode: flags.raw === true ? 'raw' : undefined,
    system_prompt: flags.system,
  })
}

function given(values: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
