import {NnError} from '../../../errors.js'
import {sanitize} from '../../../terminal/sanitize.js'

/** Scalars by key. */
export type Metadata = ReadonlyMap<string, string | number | bigint | boolean>

/** What is checked: the metadata of one architecture. */
export interface Checked {
  path: string
  architecture: string
  metadata: Metadata
  /** Keys that have an array: some architectures give one value per layer. */
  arrays: ReadonlySet<string>
}

/** The whole number that a key of the architecture has; `undefined` for none, and for an array. */
export function integerOf({architecture, metadata}: Checked, name: string): number | undefined {
  return asInteger(metadata.get(`${architecture}.${name}`))
}

export function asInteger(value: string | number | bigint | boolean | undefined): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

export function show(metadata: Metadata, key: string): string {
  const value = metadata.get(key)
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return shown(value)
  return String(value)
}

/** A text of the file, for a message: quoted, without characters that a terminal obeys, and not longer than a line. */
export function shown(text: string): string {
  return JSON.stringify(shownName(text))
}

/** The same without quotes, for names. */
export function shownName(name: string): string {
  return sanitize(name.length > mostShown ? `${name.slice(0, mostShown)}…` : name)
}

const mostShown = 100

/** A file that llama.cpp could not use. */
export function invalid(path: string, what: string, hint = damaged): NnError {
  return new NnError('invalid_model', `${path} cannot be loaded: ${what}.`, {hint})
}

const damaged = 'The file is damaged or not made for llama.cpp. Download it again, or choose another one.'
