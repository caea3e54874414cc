import {applyRuntimeOptions, runtimeOptionsFromObject, type Config, type RuntimeOptions} from '../config/index.js'
import {normalizeName} from '../config/legacy/aliases.js'
import {keysOf, requestSections} from '../config/schema.js'
import {spellingTree, type SpellingNode} from '../config/legacy/spellings.js'
import {NnError} from '../errors.js'

/** Runtime options that the chat sets, and what to do instead. */
const ownOptions: Readonly<Record<string, string>> = {
  history: 'Change the history with /clear, /load or /regen.',
  system_prompt: 'Use /system.',
  stream_stdout: 'A chat always streams its answers.',
}

/** Why a system prompt cannot be set for raw prompts. */
export const noRawInstructions = 'Raw prompts have no system prompt.'

const keys = keysOf(requestSections).filter(({key}) => !(key in ownOptions))

const spellings = spellingTree(requestSections)

/** Names of the options that a user may set. */
export const optionNames: readonly string[] = [...new Set(keys.map(({key}) => key))]

/** Checks options. @throws `invalid_argument` that names each mistake. */
export function checkOptions(options: object, config: Config): RuntimeOptions {
  return runtimeOptionsFromObject(options, {config, strict: true}).options
}

/** Options that a user sets. @throws `invalid_argument` that names each mistake. */
export function readOptions(options: object, config: Config): RuntimeOptions {
  const parsed = checkOptions(options, config)
  const own = Object.keys(parsed).find((key) => key in ownOptions)
  return own === undefined ? parsed : refuseOwn(own)
}

function refuseOwn(key: string): never {
  throw new NnError('invalid_argument', `${key} cannot be set in a chat.`, {hint: ownOptions[key] ?? ''})
}

/** The meaning of a name: one option, or all of a section such as `sampling`. */
interface Named {
  /** Where it is in an object, as in `sampling.temp`. */
  path: readonly string[]
  /** Own names of the options. */
  keys: readonly string[]
  isGroup: boolean
}

/** The own names of the options that a name stands for. @throws `invalid_argument` when there are none. */
export function optionKeys(name: string, config: Config): readonly string[] {
  return findNamed(name, config).keys
}

/** Options after a change, and the names of those that it touched. */
export interface Change {
  options: RuntimeOptions
  keys: readonly string[]
}

/**
 * Changes an option to a value as it is typed: JSON, or a text without quotes. A list of one may be written as its
 * item; a group takes an object; `default` is as configured. @throws `invalid_argument` that names each mistake.
 */
export function changeOption(options: RuntimeOptions, name: string, typed: string, config: Config): Change {
  const {path, keys: named, isGroup} = findNamed(name, config)
  if (typed === 'default') {
    const others = Object.fromEntries(Object.entries(options).filter(([key]) => !named.includes(key)))
    return {options: others, keys: isGroup ? named.filter((key) => key in options) : named}
  }
  const value = readValue(name, typed)
  const isItem = !isGroup && !Array.isArray(value) && keys.find(({key}) => key === named[0])?.schema.type === 'array'
  const set = readOptions(nest(path, isItem ? [value] : value), config)
  if (isGroup) return {options: {...options, ...set}, keys: Object.keys(set)}
  const others = Object.fromEntries(Object.entries(options).filter(([key]) => !named.includes(key)))
  return {options: {...others, ...set}, keys: named}
}

function findNamed(name: string, config: Config): Named {
  const path = name.split('.')
  let node: SpellingNode | undefined = spellings
  for (const part of path) node = node?.children.get(normalizeName(part))
  const targets = [...new Set(node === undefined ? [] : targetsBelow(node))]
  // The check of options reports unknown names and suggests similar ones.
  if (targets.length === 0) readOptions(nest(path, null), config)
  const isGroup = node?.spelling === undefined
  const [own] = targets.filter((key) => key in ownOptions)
  if (!isGroup && own !== undefined) refuseOwn(own)
  return {path: isGroup ? path : targets, keys: optionNames.filter((key) => targets.includes(key)), isGroup}
}

function targetsBelow({spelling, children}: SpellingNode): string[] {
  if (spelling !== undefined) return [spelling.target.slice(spelling.target.indexOf('.') + 1)]
  return [...children.values()].flatMap(targetsBelow)
}

function nest(path: readonly string[], value: unknown): object {
  return path.reduceRight((inner, name) => ({[name]: inner}), value) as object
}

/** The value that holds for a key, set or configured. */
export function valueInForce(options: RuntimeOptions, key: string, config: Config): unknown {
  const {sampling, stopping, request} = applyRuntimeOptions(config, options)
  return {...sampling, ...stopping, ...request}[key as keyof RuntimeOptions]
}

/** A value that starts like JSON must be JSON: as a text, a typo would go unnoticed. */
function readValue(name: string, typed: string): unknown {
  try {
    return JSON.parse(typed)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    if (!/^[[{"]/.test(typed)) return typed
    throw new NnError('invalid_argument', `${name}: ${typed} is not valid JSON: ${error.message}`, {
      hint: `To set it as a text, write ${JSON.stringify(typed)}.`,
    })
  }
}
