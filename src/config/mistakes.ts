import {
  DocumentError,
  formatPath,
  locateFaults,
  parseText,
  plainCopy,
  shorten,
  showValue,
  type ParsedDocument,
} from '../documents/index.js'
import {getKey, type AnyConfig} from './schema.js'
import type {Finding} from './settings.js'

/** A mistake that did not keep the backend from starting. */
export interface ConfigWarning {
  /** Where it is, as written: `model.ctx_size`, or `ctx_size` at the top level. Empty for the document as a whole. */
  path: string
  value: unknown
  /** The values that would be right, as a noun phrase. */
  allowed: string
  /** What is in force instead; `null` for what has no value, such as an unknown key. */
  used: unknown
  /** All of it as one line. */
  message: string
}

/** A configuration that is refused, because it is checked strictly. */
export class ConfigError extends DocumentError {}

/** The findings as warnings; what is used instead is looked up in `used`. */
export function toWarnings(findings: readonly Finding[], used: AnyConfig): ConfigWarning[] {
  return findings.map((finding) => {
    const value = finding.about === undefined ? null : (getKey(used, finding.about) ?? null)
    const instead = finding.about === undefined ? 'It is ignored.' : `Using ${showValue(value)}.`
    const path = formatPath(finding.path)
    return {
      path,
      value: finding.value,
      allowed: finding.allowed ?? '',
      used: value,
      message: [`${path === '' ? 'document' : shorten(path, longestPath)}: ${finding.message}.`, finding.hint, instead]
        .filter((sentence) => sentence !== undefined)
        .join(' '),
    }
  })
}

/** Throws when a finding is a mistake and mistakes are errors. */
export function refuseMistakes(findings: readonly Finding[], document: ParsedDocument | undefined): void {
  const mistakes = findings.filter(({notice}) => notice !== true)
  if (mistakes.length > 0) throw new ConfigError(locateFaults(mistakes, document))
}

/** A copy of an object of the caller's, which may be anything. @throws `ConfigError` for one that cannot be copied */
export function plainObject(value: unknown, what: string): unknown {
  const plain = plainCopy(value)
  if ('copy' in plain) return plain.copy
  const path = formatPath(plain.path)
  throw new ConfigError([
    {line: 0, column: 0, excerpt: '', path, message: path === '' ? `the ${what} ${plain.message}` : plain.message},
  ])
}

/** The document, or, for a text that is neither JSON nor YAML, the warning about it. Throws if that is an error. */
export function parseLeniently(
  text: string,
  {file, strict}: {file?: string | undefined; strict: boolean},
): {document: ParsedDocument} | {warning: ConfigWarning} {
  try {
    return {document: parseText(text, file === undefined ? {} : {file})}
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    if (strict) throw new ConfigError(error.problems)
    const {line = 0, column = 0, message = ''} = error.problems[0] ?? {}
    return {
      warning: {
        path: '',
        value: text.slice(0, longestQuote),
        allowed: 'JSON or YAML',
        used: null,
        message: `document: line ${line}, column ${column}: ${message}. The document is ignored.`,
      },
    }
  }
}

/** How much of a path a warning shows, in UTF-16 units. */
const longestPath = 200

/** How much of an unreadable document its warning keeps, in UTF-16 units. */
const longestQuote = 200
