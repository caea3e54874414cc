import {LineCounter, parseDocument, type YAMLError} from 'yaml'
import {findAliasFaults, lastAlias, type TextFault} from './alias-faults.js'
import {locator, type Locate} from './locate.js'
import {keepDigits, losesDigits, numberReader, type Written} from './numbers.js'
import {DocumentError, excerptAt, type Problem} from './problem.js'
import {hintAt} from './unquoted.js'

export interface ParsedDocument {
  file: string | undefined
  text: string
  value: unknown
  /** Where the value of that path, or the key that leads to it, stands; both numbers from 1. */
  locate: Locate
  /** The number of that path as the text has it: `1.10`, `0x1F`. `undefined` for anything else. */
  written: Written
}

/** How often one anchor may be expanded: a document of nested aliases would otherwise fill the memory. */
const maxAliasCount = 100

const tooDeep = 'is nested too deeply'

/**
 * Reads YAML 1.2, and so JSON. Keys are unique, `<<` is an ordinary key. An integer that a number would round becomes
 * the text of its digits: as an id it is right then, and where a number is needed the check of the value refuses it.
 *
 * Throws `DocumentError` for text that is neither.
 */
export function parseText(text: string, {file}: {file?: string} = {}): ParsedDocument {
  return parseLargeJson(text, file) ?? parseYaml(text, file)
}

/** From this length on the YAML parser is noticeably slow, which would delay every request with a long history. */
const largeJson = 16_384

/** A large JSON text, if it is one; positions in it are looked up lazily. */
function parseLargeJson(text: string, file: string | undefined): ParsedDocument | undefined {
  if (text.length < largeJson || !/^\s*[{[]/.test(text)) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The YAML parser says what is wrong, and where; or it is YAML.
    return undefined
  }
  if (losesDigits(value)) return undefined
  let slow: ParsedDocument | undefined
  const parsed = (): ParsedDocument => (slow ??= parseYaml(text, file))
  const locate: Locate = (path, target) => parsed().locate(path, target)
  return {file, text, value, locate, written: (path) => parsed().written(path)}
}

function parseYaml(given: string, file: string | undefined): ParsedDocument {
  // The parser does not know the line ends of old Macs. Places stay the same.
  const text = given.replace(/\r(?!\n)/g, '\n')
  const lines = new LineCounter()
  const fail = (found: TextFault[]): never => {
    throw new DocumentError(found.map((fault) => syntaxProblem(text, lines, fault, file)))
  }
  let last = 0
  try {
    const document = parseDocument(text, {
      version: '1.2',
      strict: true,
      uniqueKeys: true,
      merge: false,
      prettyErrors: false,
      lineCounter: lines,
    })
    const faults = [...document.errors, ...document.warnings]
    if (faults.length > 0) fail(onePerLine(faults, text, lines))
    const aliasFaults = findAliasFaults(document)
    if (aliasFaults.length > 0) fail(aliasFaults)
    last = lastAlias(document)
    const kept = keepDigits(document)
    const value: unknown = document.toJS({maxAliasCount})
    return {file, text, value, locate: locator(document, lines), written: numberReader(document, kept)}
  } catch (error) {
    if (error instanceof RangeError) return fail([{offset: 0, message: tooDeep}])
    // The library's way of saying that it counted more aliases than it may expand.
    if (error instanceof ReferenceError) return fail([{offset: last, message: 'expands too many aliases'}])
    throw error
  }
}

/** Further mistakes of a line are mostly consequences of the first. */
function onePerLine(
  faults: readonly Pick<YAMLError, 'code' | 'pos' | 'message'>[],
  text: string,
  lines: LineCounter,
): TextFault[] {
  const byLine = new Map<number, TextFault>()
  for (const {code, pos, message} of faults) {
    const [offset] = pos
    const {line} = lines.linePos(offset)
    if (byLine.has(line)) continue
    const hint = hintAt(text, offset)
    byLine.set(line, {
      offset,
      message: code === 'RESOURCE_EXHAUSTION' ? tooDeep : message,
      ...(hint !== undefined && {hint}),
    })
  }
  return [...byLine.values()]
}

function syntaxProblem(
  text: string,
  lines: LineCounter,
  {offset, message, hint}: TextFault,
  file: string | undefined,
): Problem {
  const {line, col} = lines.linePos(offset)
  const place = {line: Math.max(line, 1), column: Math.max(col, 1)}
  return {
    ...(file !== undefined && {file}),
    ...place,
    path: '',
    message,
    ...(hint !== undefined && {hint}),
    excerpt: excerptAt(text, place.line, place.column),
  }
}
