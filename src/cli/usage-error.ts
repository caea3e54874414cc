import {stripVTControlCharacters} from 'node:util'
import {suggest} from '../documents/suggest.js'

/** What oclif throws for a command line that it does not understand. */
export interface OclifError extends Error {
  code?: string | undefined
  /** Of a system error. */
  syscall?: string | undefined
  /** Exit code. */
  oclif?: {exit?: number | undefined}
  /** Flags that the command does not have, as typed. */
  flags?: unknown
  /** Arguments that are missing or too many. */
  args?: unknown
  /** Present where arguments and flags contradict the command. */
  parse?: unknown
}

/** A command's name, its flags without dashes, its arguments, and what former flags are called now. */
export interface CommandFlags {
  /** As typed, for example `wnn bench report`. */
  command: string
  names: readonly string[]
  /** The values of arguments that take only some. */
  choices?: Readonly<Record<string, readonly string[]>>
  renamed: Readonly<Record<string, string>>
}

export interface UsageError {
  message: string
  hint?: string
  exit: number
}

/** What other programs call flags. */
const otherNames: Readonly<Record<string, string>> = {temperature: 'temp'}

/** Exit code of a command line that is wrong. */
const wrongUsage = 2

/** Somebody removed the folder in which the command runs; only relative paths need it. */
const folderGone = {
  message: 'The working directory no longer exists.',
  hint: 'Change to another folder, or use whole paths.',
}

/** Whether it ends the program silently. */
export function isExit({code}: OclifError): boolean {
  return code === 'EEXIT'
}

/** oclif's errors of the command line in the style of all others: a sentence, and what to do. */
export function describeUsage(error: OclifError, known: CommandFlags): UsageError {
  if (error.syscall === 'uv_cwd') return {...folderGone, exit: wrongUsage}
  const exit = error.oclif?.exit ?? 1
  const see = `See ${known.command} --help.`
  const [message = ''] = stripVTControlCharacters(error.message).split('\nSee more help')
  if (isTexts(error.flags)) {
    const meant = [...new Set(error.flags.flatMap((flag) => meantBy(flag, known)))]
    const hint = [...(meant.length === 0 ? [] : [`Did you mean ${meant.join(' and ')}?`]), see].join(' ')
    return {message: `Unknown ${error.flags.length === 1 ? 'flag' : 'flags'} ${error.flags.join(', ')}.`, hint, exit}
  }
  const faulty = /^Parsing (--\S+)\s+(.*)$/s.exec(message)
  if (faulty !== null) return {message: `${faulty[1] ?? ''}: ${lower(faulty[2] ?? '')}.`, hint: see, exit: wrongUsage}
  if (/^Flag --/.test(message)) return {message: `${message}.`, hint: see, exit}
  if (error.parse === undefined) return {message, exit}
  const clear = missingArguments(error.args, message) ?? notOneOf(message, known.choices ?? {})
  return {message: clear ?? contradictions(message), hint: see, exit}
}

/** A flag or argument that takes only some values. oclif does not say which argument. */
function notOneOf(message: string, choices: NonNullable<CommandFlags['choices']>): string | undefined {
  const [, given = '', list = ''] = /^Expected (.*) to be one of: (.*)$/s.exec(message) ?? []
  if (list === '') return undefined
  const name = Object.keys(choices).find((each) => choices[each]?.join(', ') === list)
  const [, flag, value] = /^(--[\w-]+)=(.*)$/s.exec(given) ?? []
  const what = name?.toUpperCase() ?? flag ?? 'The argument'
  return `${what} must be one of ${list}; got ${name === undefined ? (value ?? given) : given}.`
}

/** `--tmep`, `-temp` and `--tmep=0.5` may mean `--temp`. */
function meantBy(flag: string, {names, renamed}: CommandFlags): string[] {
  const name = flag.replace(/^-+/, '').replace(/=.*$/s, '')
  const former = renamed[name]
  if (former !== undefined) return [former]
  const other = Object.hasOwn(otherNames, name) ? otherNames[name] : undefined
  // The hint names --help anyway, and nobody means it by --temp.
  const candidates = names.filter((each) => each !== 'help')
  const meant = names.find((each) => each === name || each === other) ?? suggest(name, candidates)
  return meant === undefined ? [] : [`--${meant}`]
}

function missingArguments(args: unknown, message: string): string | undefined {
  if (!message.startsWith('Missing ') || !Array.isArray(args)) return undefined
  const names = args.map((arg: {name?: unknown}) => String(arg.name).toUpperCase())
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} missing.`
}

/** One line for each flag that needs another one or excludes it. */
function contradictions(message: string): string {
  const lines = message.replace(/^The following errors? occurred:\s*/, '').split('\n')
  return lines
    .map((line) =>
      line
        .trim()
        .replace(/^All of the following must be provided when using (--\S+): (.+)$/, '$1 needs $2.')
        .replace(/^(--[\w-]+)(?:=.*)? cannot also be provided when using (--[\w-]+)$/s, '$2 and $1 exclude each other.')
        .replace(/^Missing required flag (\S+)$/, '--$1 is missing.')
        .replace(/^(Expected .*)$/, '$1.'),
    )
    .filter((line) => line !== '')
    .join(' ')
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
