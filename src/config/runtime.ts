import {createValidator, type ParsedDocument} from '../documents/index.js'
import {requestDefaults} from './defaults.js'
import {sectionsSchema} from './parse.js'
import {parseLeniently, plainObject, refuseMistakes, toWarnings, type ConfigWarning} from './mistakes.js'
import type {SamplingConfig} from './sections/sampling.js'
import {requestSections, type AnyConfig, type Config, type RequestConfig, type RuntimeOptions} from './schema.js'
import {readSettings} from './settings.js'
import {spellingTree, type SpellingNode} from './legacy/spellings.js'

const checkOptions = createValidator(sectionsSchema(requestSections))
let spellings: SpellingNode | undefined

interface RuntimeParsing {
  /** A mistake is an error, and not a warning. Defaults to `false`. */
  strict?: boolean
  config: Config
}

interface ParsedOptions {
  options: RuntimeOptions
  warnings: ConfigWarning[]
}

/**
 * Reads the options of one request from JSON or YAML text. An empty text has none. -1 means "as configured" for a key
 * that has no such value.
 */
export function parseRuntimeOptions(text: string, {strict = false, config}: RuntimeParsing): ParsedOptions {
  if (text.trim() === '') return {options: {}, warnings: []}
  const parsed = parseLeniently(text, {strict})
  if ('warning' in parsed) return {options: {}, warnings: [parsed.warning]}
  return readOptions(parsed.document.value, parsed.document, {strict, config})
}

/**
 * As `parseRuntimeOptions`, from a value that was never text: what is wrong has a path but no line. Throws `ConfigError` also
 * for a value that cannot be copied: one that contains itself, is too large, or holds what JSON cannot.
 */
export function runtimeOptionsFromObject(value: unknown, {strict = false, config}: RuntimeParsing): ParsedOptions {
  return readOptions(plainObject(value, 'options'), undefined, {strict, config})
}

function readOptions(
  value: unknown,
  document: ParsedDocument | undefined,
  {strict, config}: Required<RuntimeParsing>,
): ParsedOptions {
  spellings ??= spellingTree(requestSections)
  const {given, findings} = readSettings(value, spellings, checkOptions, {minusOneIsAbsent: true})
  if (strict) refuseMistakes(findings, document)
  const entries = [...given].map(([name, setting]) => [name.slice(name.indexOf('.') + 1), setting.value])
  const options = Object.fromEntries(entries) as RuntimeOptions
  return {options, warnings: toWarnings(findings, applyRuntimeOptions(config, options) as unknown as AnyConfig)}
}

/** What holds for a request with these options. The configuration stays as it is. */
export function applyRuntimeOptions(config: Config, options: RuntimeOptions): RequestConfig {
  return {
    sampling: {...change(config.sampling, options), ...oneGuide(options)},
    stopping: change(config.stopping, options),
    request: change(requestDefaults(config), options),
  }
}

function change<Section extends object>(section: Section, options: RuntimeOptions): Section {
  // Callers without `exactOptionalPropertyTypes` pass undefined for options that do not change.
  const changes = Object.entries(options as Record<string, unknown>).filter(
    ([key, value]) => key in section && value !== undefined,
  )
  return {...section, ...Object.fromEntries(changes)}
}

/** An answer follows one grammar: that of a request replaces a configured one, in whichever form. */
function oneGuide({grammar, json_schema}: RuntimeOptions): Partial<SamplingConfig> {
  if (grammar !== undefined && grammar !== '' && json_schema === undefined) return {json_schema: null}
  return json_schema != null && grammar === undefined ? {grammar: ''} : {}
}
