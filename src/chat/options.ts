import {applyRuntimeOptions, parseRuntimeOptions, type Config, type RuntimeOptions} from '../backend/config/index.js'
import {normalizeName} from '../backend/config/aliases.js'
import {keysOf, requestSections} from '../backend/config/schema.js'
import {spellingTree} from '../backend/config/spellings.js'
import {NnError} from '../backend/errors.js'
import {DocumentError} from '../documents/index.js'

/** Runtime options that the chat itself sets, and what to do instead. */
const ownOptions: Readonly<Record<string, string>> = {
  history: 'The conversation is the history: use /clear, /load or /regen.',
  system_prompt: 'Use /system.',
  stream_stdout: 'A chat shows its answers as they come.',
}

const keys = keysOf(requestSections).filter(({key}) => !(key in ownOptions))

const spellings = spellingTree(requestSections)

/** Names of the options that a person may set. */
export const optionNames: readonly string[] = [...new Set(keys.map(({key}) => key))]

/** Checks options. @throws `invalid_argument` that names each mistake. */
export function checkOptions(options: object, config: Config): RuntimeOptions {
  try {
    return parseRuntimeOptions(JSON.stringify(options), {config, strict: true}).options
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    // The text that was checked is none that a person wrote: places in it would say nothing.
    throw new DocumentError(error.problems.map((problem) => ({...problem, line: 0, column: 0, excerpt: ''})))
  }
}

/** Options that a person sets. @throws `invalid_argument` that names each mistake. */
export function readOptions(options: object, config: Config): RuntimeOptions {
  const parsed = checkOptions(options, config)
  const own = Object.keys(parsed).find((key) => key in ownOptions)
  if (own === undefined) return parsed
  throw new NnError('invalid_argument', `${own} cannot be set in a chat.`, {hint: ownOptions[own] ?? ''})
}

/** The option's own name for any that it goes by. @throws `invalid_argument` when there is none. */
export function optionName(name: string, config: Config): string {
  const target = spellings.children.get(normalizeName(name))?.spelling?.target
  // Unknown ones are told by whoever checks options, and so are similar names.
  if (target === undefined) readOptions({[name]: null}, config)
  return target?.slice(target.indexOf('.') + 1) ?? name
}

/**
 * The options after one was changed to a value as it is typed: JSON, or a text without quotes. A list of one may be
 * written as its item; `default` is as configured.
 */
export function changeOption(options: RuntimeOptions, name: string, typed: string, config: Config): RuntimeOptions {
  const key = optionName(name, config)
  const others = Object.fromEntries(Object.entries(options).filter(([other]) => other !== key))
  if (typed === 'default') return others
  const value = readValue(typed)
  const isItem = keys.find((one) => one.key === key)?.schema.type === 'array' && !Array.isArray(value)
  return {...others, ...readOptions({[key]: isItem ? [value] : value}, config)}
}

/** The value that holds for a key, set or configured. */
export function valueInForce(options: RuntimeOptions, key: string, config: Config): unknown {
  const {sampling, stopping, request} = applyRuntimeOptions(config, options)
  return {...sampling, ...stopping, ...request}[key as keyof RuntimeOptions]
}

function readValue(typed: string): unknown {
  try {
    return JSON.parse(typed)
  } catch (error) {
    if (error instanceof SyntaxError) return typed
    throw error
  }
}
