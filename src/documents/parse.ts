import {LineCounter, parseDocument, type YAMLError} from 'yaml'
import {exceeded, excessOfText} from './bounds.js'
import {findAliasFaults, lastAlias, type TextFault} from './alias-faults.js'
import {locator, type Locate} from './locate.js'
import {keepDigits, losesDigits, numberReader, type Written} from './numbers.js'
import {plainCopy} from './plain.js'
import {DocumentError, excerptAt, formatPath, type Problem} from './problem.js'
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

interface ParseOptions {
  /** Named in messages. */
  file?: string
  /** Whether a value that exceeds `bounds` is a mistake; otherwise the caller checks its parts. Defaults to `true`. */
  bounded?: boolean
}

/**
 * Reads YAML 1.2, and so JSON. Keys are unique, `<<` is an ordinary key. An integer that a number would round becomes
 * the text of its digits: as an id it is right then, and where a number is needed the check of the value refuses it.
 *
 * Throws `DocumentError` for text that is neither, and for a value that is nested too deeply or too large.
 */
export function parseText(text: string, {file, bounded = true}: ParseOptions = {}): ParsedDocument {
  const json = parseLargeJson(text, file, bounded)
  if (json !== undefined) return json
  const document = parseYaml(text, file)
  if (bounded) checkBounds(document)
  return document
}

function checkBounds({value, file, text, locate}: ParsedDocument): void {
  const plain = plainCopy(value)
  if ('copy' in plain) return
  const {path, message} = plain
  const {line, column} = locate(path)
  const place = {...(file !== undefined && {file}), line, column, excerpt: excerptAt(text, line, column)}
  throw new DocumentError([{...place, path: formatPath(path), message}])
}

/** From this length on the YAML parser is noticeably slow, which would delay every request with a long history. */
const largeJson = 16_384

/** A large or deep JSON text, if it is one; positions in it are looked up lazily. */
function parseLargeJson(text: string, file: string | undefined, bounded: boolean): ParsedDocument | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  const excess = excessOfText(text)
  if (excess === undefined && text.length < largeJson) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // The YAML parser says what is wrong, and where; or it is YAML.
    return undefined
  }
  if (excess !== undefined && bounded) {
    const lines = linesOf(text)
    const path = excess.field === undefined ? [] : [excess.field]
    const problem = syntaxProblem(text, lines, {offset: excess.offset, message: exceeded(excess.which)}, file)
    throw new DocumentError([{...problem, path: formatPath(path)}])
  }
  // The YAML parser cannot read what is nested so deeply.
  if (excess === undefined && losesDigits(value)) return undefined
  let slow: ParsedDocument | undefined
  const parsed = (): ParsedDocument => (slow ??= parseYaml(text, file))
  const locate: Locate = (path, target) => parsed().locate(path, target)
  return {file, text, value, locate, written: (path) => parsed().written(path)}
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)
  return lines
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
