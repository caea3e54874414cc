import {Flags} from '@oclif/core'
import {configFromObject, givenKeys, parseConfig, readPair, type ParseConfigOptions} from '../config/index.js'
import {parseText, readDocument} from '../documents/index.js'

/** Flags by which a command takes a configuration. */
export const configFlags = {
  config: Flags.string({
    char: 'c',
    description: 'Configuration in JSON or YAML (docs/reference/config.md).',
    helpValue: 'file',
  }),
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'Set one key of the configuration; overrides the file. Repeatable.',
    helpValue: 'key=value',
  }),
}

/**
 * The values of file and flags, by own names in their sections.
 *
 * @throws `invalid_argument` that names file, line and column, or the flag.
 */
export function readConfigFlags(
  {config: file, set = []}: {config?: string | undefined; set?: string[] | undefined},
  scope: NonNullable<ParseConfigOptions['scope']> = 'backend',
): Record<string, Record<string, unknown>> {
  const given: Record<string, Record<string, unknown>> = {}
  if (file !== undefined) {
    const text = readDocument(file)
    parseConfig(text, {file, strict: true, scope})
    Object.assign(given, givenKeys(parseText(text, {file}).value))
  }
  for (const pair of set) {
    const document = readPair(pair)
    configFromObject(document, {strict: true, scope})
    for (const [section, keys] of Object.entries(givenKeys(document))) given[section] = {...given[section], ...keys}
  }
  return given
}
