import {configFromObject, parseConfig, type Config, type RuntimeOptions} from '../config/index.js'
import {NnError} from '../errors.js'
import {readDocument} from '../documents/index.js'
import type {ModelFlags} from './flags.js'
import {checkOptions, noRawInstructions} from './options.js'

/** What a chat starts with. */
export interface Settings {
  config: Config
  options: RuntimeOptions
  /** What is odd in the configuration, but not wrong. */
  warnings: string[]
}

/**
 * Defaults for one person at a keyboard: a pause for coffee does not cost the conversation, and memory goes to one
 * context instead of several. With a folder for them each chat is one session more, and none goes by itself: the limit
 * is as high as can be.
 */
const chatDefaults = {
  backend: {auto_cleanup: false, max_sessions: 10_000},
  model: {parallel: 1},
}

/** The configuration file, if there is one, over the defaults of a chat; the flags over both. */
export function readSettings(flags: ModelFlags): Settings {
  const {config: file} = flags
  const base = configFromObject(chatDefaults, {strict: true}).config
  const parsed =
    file === undefined ? {config: base, warnings: []} : parseConfig(readDocument(file), {base, file, strict: true})
  const {config} = configFromObject(modelKeys(flags), {base: parsed.config, strict: true})
  return {config, options: readOptionFlags(flags, config), warnings: parsed.warnings.map(({message}) => message)}
}

/** What the flags set for each answer of a model that is configured so. @throws `invalid_argument` that names each mistake. */
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
