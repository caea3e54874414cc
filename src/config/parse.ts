import {createValidator, type ParsedDocument} from '../documents/index.js'
import {availableCores, overlay} from './defaults.js'
import {parseLeniently, plainObject, refuseMistakes, toWarnings, type ConfigWarning} from './mistakes.js'
import {configSections, setKey, type AnyConfig, type Config, type KeyName, type Sections} from './schema.js'
import {readSettings, type Reading} from './settings.js'
import {spellingTree} from './legacy/spellings.js'

export interface ParseConfigOptions {
  /** Named in messages. */
  file?: string
  /** A mistake is an error. So it is, too, when the configuration or `base` has `strict_config`. Defaults to `false`. */
  strict?: boolean
  /** The configuration that this one overrides. Defaults to `defaultConfig()`. */
  base?: Config
  /** Cores that this process may use. Defaults to what the system says. */
  cores?: number
  /** `graph`: the configuration of one model, for which `backend` and `logging` have no effect. Defaults to `backend`. */
  scope?: 'backend' | 'graph'
}

export interface ParsedConfig {
  config: Config
  /** The keys that the document gives; the others have defaults, or values of `base`. */
  given: ReadonlySet<KeyName>
  warnings: ConfigWarning[]
}

const checkConfig = createValidator(sectionsSchema(configSections))

/** Reads a configuration from JSON or YAML text. Throws `ConfigError` for a mistake, when that is an error. */
export function parseConfig(text: string, options: ParseConfigOptions = {}): ParsedConfig {
  const strict = options.strict === true || options.base?.backend.strict_config === true
  const parsed = parseLeniently(text, {file: options.file, strict})
  if ('document' in parsed) return readConfig(parsed.document.value, parsed.document, options)
  return {config: overlay(new Map(), withCores(options)), given: new Set(), warnings: [parsed.warning]}
}

/**
 * As `parseConfig`, from a value that was never text: what is wrong has a path but no line. Throws `ConfigError` also for a
 * value that cannot be copied: one that contains itself, is too large, or holds what JSON cannot.
 */
export function configFromObject(value: unknown, options: ParseConfigOptions = {}): ParsedConfig {
  return readConfig(plainObject(value, 'configuration'), undefined, options)
}

/** The keys that a document gives, in their sections and by their own names; what is wrong is left out. */
export function givenKeys(value: unknown): AnyConfig {
  const keys: AnyConfig = {}
  for (const [name, setting] of readSettings(value, spellingTree(configSections), checkConfig).given) {
    setKey(keys, name, setting.value)
  }
  return keys
}

/** The schema that checks values in their sections; no key has to be there. */
export function sectionsSchema(sections: Sections): object {
  const properties = Object.entries(sections).map(([name, section]) => [
    name,
    {type: 'object', properties: section.properties},
  ])
  return {type: 'object', properties: Object.fromEntries(properties) as object}
}

function readConfig(value: unknown, document: ParsedDocument | undefined, options: ParseConfigOptions): ParsedConfig {
  const reading = readSettings(value, spellingTree(configSections), checkConfig)
  const {strict = false, base, scope = 'backend'} = options
  const asksForStrict = reading.given.get('backend.strict_config')?.value ?? base?.backend.strict_config
  if (scope === 'graph') dropBackendKeys(reading)
  if (strict || asksForStrict === true) refuseMistakes(reading.findings, document)

  const given = new Map<KeyName, unknown>([...reading.given].map(([name, setting]) => [name, setting.value]))
  const config = overlay(given, withCores(options))
  const warnings = toWarnings(reading.findings, config as unknown as AnyConfig)
  return {config, given: new Set(given.keys()), warnings}
}

function withCores({base, cores = availableCores()}: ParseConfigOptions): {base?: Config; cores: number} {
  return {cores, ...(base !== undefined && {base})}
}

function dropBackendKeys({given, findings}: Reading): void {
  for (const [target, {path, value}] of given) {
    if (!/^(backend|logging)\./.test(target)) continue
    given.delete(target)
    // It has had its effect: on how this very document is checked.
    if (target === 'backend.strict_config') continue
    findings.push({
      path,
      target: 'key',
      message: 'has no effect for a single model: it configures the backend',
      value,
      about: target,
      notice: true,
    })
  }
}
