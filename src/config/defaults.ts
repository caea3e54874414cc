import {availableParallelism} from 'node:os'
import {twins} from './legacy/aliases.js'
import type {RequestSettings} from './sections/request.js'
import {
  configSections,
  getKey,
  keysOf,
  requestSections,
  setKey,
  type AnyConfig,
  type Config,
  type KeyName,
  type Sections,
} from './schema.js'

/** Cores that this process may use. */
export const availableCores = (): number => availableParallelism()

export interface DerivedDefault {
  /** For people, in Markdown. */
  text: string
  value: (config: Config, cores: number) => unknown
}

/** Defaults that depend on other keys or on the machine. */
export const derivedDefaults: Readonly<Record<KeyName, DerivedDefault>> = {
  'backend.queue_reject_threshold': {text: '`queue_size`', value: ({backend}) => backend.queue_size},
  'backend.queue_warning_threshold': {
    text: '80 % of `queue_size`',
    value: ({backend}) => Math.max(1, Math.floor(0.8 * backend.queue_size)),
  },
  // llama.cpp's threads spin while they wait for each other: with all cores in use, any other process that needs one
  // (such as the host) makes all of them wait. docs/decisions.md has the figures.
  'model.threads': {
    text: '8, at most all cores but one',
    value: (_, cores) => Math.max(1, Math.min(8, cores - 1)),
  },
  'stopping.max_tokens': {text: '`model.n_predict`', value: ({model}) => model.n_predict},
}

/** Defaults of a request that come from the configuration. */
export const derivedRequestDefaults: typeof derivedDefaults = {
  'request.timeout_ms': {
    text: '`backend.default_task_timeout_ms`',
    value: ({backend}) => backend.default_task_timeout_ms,
  },
  'request.prompt_mode': {text: '`model.prompt_mode`', value: ({model}) => model.prompt_mode},
}

/** The configuration when nothing is given. */
export function defaultConfig(cores: number = availableCores()): Config {
  return overlay(new Map(), {cores})
}

/**
 * The configuration with these values given, over `base` or the defaults. A derived default of `base` is derived again;
 * an explicit value of `base` stays.
 */
export function overlay(given: ReadonlyMap<KeyName, unknown>, {base, cores}: {base?: Config; cores: number}): Config {
  const keys = structuredClone((base as unknown as AnyConfig | undefined) ?? staticDefaults(configSections))
  const config = keys as unknown as Config
  for (const [name, value] of given) setKey(keys, name, structuredClone(value))
  for (const [name, {value}] of Object.entries(derivedDefaults) as [KeyName, DerivedDefault][]) {
    const follows = base === undefined || getKey(base as unknown as AnyConfig, name) === value(base, cores)
    if (follows && !given.has(name)) setKey(keys, name, value(config, cores))
  }
  for (const [elder, younger] of twins) setKey(keys, younger, getKey(keys, elder))
  return config
}

/** The configuration for requests of OpenAI's API: its own defaults hold for keys that nobody gave. */
export function withApiDefaults(config: Config, given: ReadonlySet<KeyName>): Config {
  const keys = structuredClone(config as unknown as AnyConfig)
  for (const {name, schema} of keysOf(configSections)) {
    if (schema.apiDefault !== undefined && !given.has(name)) setKey(keys, name, schema.apiDefault)
  }
  return keys as unknown as Config
}

/** The options of a request that sets none. */
export function requestDefaults(config: Config): RequestSettings {
  const {request = {}} = staticDefaults({request: requestSections.request})
  for (const [name, {value}] of Object.entries(derivedRequestDefaults) as [KeyName, DerivedDefault][]) {
    setKey({request}, name, value(config, 1))
  }
  return request as unknown as RequestSettings
}

function staticDefaults(sections: Sections): AnyConfig {
  const config: AnyConfig = {}
  for (const {name, schema} of keysOf(sections)) setKey(config, name, schema.default)
  return config
}
