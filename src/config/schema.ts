import type {JsonSchema} from '../documents/index.js'
import {backend, type BackendConfig} from './sections/backend.js'
import {logging, type LoggingConfig} from './sections/logging.js'
import {memory, type MemoryConfig} from './sections/memory.js'
import {model, type ModelConfig} from './sections/model.js'
import {performance, type PerformanceConfig} from './sections/performance.js'
import {request, type RequestSettings} from './sections/request.js'
import {sampling, type SamplingConfig} from './sections/sampling.js'
import {stopping, type StoppingConfig} from './sections/stopping.js'

/** The configuration in force: every key has its value, and names are as in the file. */
export interface Config {
  backend: BackendConfig
  model: ModelConfig
  sampling: SamplingConfig
  stopping: StoppingConfig
  memory: MemoryConfig
  logging: LoggingConfig
  performance: PerformanceConfig
}

/** What holds for one request. */
export interface RequestConfig {
  sampling: SamplingConfig
  stopping: StoppingConfig
  request: RequestSettings
}

/** What one request may change; absent keys are as configured. */
export type RuntimeOptions = Partial<SamplingConfig & StoppingConfig & RequestSettings>

export const configSections = {backend, model, sampling, stopping, memory, logging, performance}
export const requestSections = {sampling, stopping, request}

/** Sections with their keys. */
export type Sections = Readonly<Record<string, {properties: object; description?: string}>>

/** A key of a section, as `model.ctx_size`. */
export type KeyName = `${string}.${string}`

/** What a configuration is to code that works on any key. */
export type AnyConfig = Record<string, Record<string, unknown>>

/** Every key of the sections with its schema. */
export function keysOf(sections: Sections): {name: KeyName; section: string; key: string; schema: KeySchema}[] {
  return Object.entries(sections).flatMap(([section, {properties}]) =>
    Object.entries(properties as Record<string, KeySchema>).map(([key, schema]) => ({
      name: `${section}.${key}` as const,
      section,
      key,
      schema,
    })),
  )
}

/** The schema of a key; `unit` is for people. */
export interface KeySchema extends JsonSchema {
  unit?: string
  /** What holds for requests of OpenAI's API when the configuration does not give the key. Defaults to `default`. */
  apiDefault?: unknown
}

export function getKey(config: AnyConfig, name: KeyName): unknown {
  const [section = '', key = ''] = name.split('.')
  return config[section]?.[key]
}

export function setKey(config: AnyConfig, name: KeyName, value: unknown): void {
  const [section = '', key = ''] = name.split('.')
  ;(config[section] ??= {})[key] = value
}
