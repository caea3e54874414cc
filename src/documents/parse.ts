import {LineCounter, parseDocument, type YAMLError} from 'yaml'
import {locator, type Locate} from './locate.js'
import {DocumentError, excerptAt, type Problem} from './problem.js'

export interface ParsedDocument {
  file: string | undefined
  text: string
  value: unknown
  /** Where the value of that path, or the key that leads to it, stands; both numbers from 1. */
  locate: Locate
}

/** How often one anchor may be expanded: a document of nested aliases would otherwise fill the memory. */
const maxAliasCount = 100

const tooDeep = 'is nested too deeply'

/**
 * Reads YAML 1.2, and so JSON. Keys are unique, `<<` is an ordinary key.
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
  let slow: ParsedDocument | undefined
  const locate: Locate = (path, target) => (slow ??= parseYaml(text, file)).locate(path, target)
  return {file, text, value, locate}
}

function parseYaml(text: string, file: string | undefined): ParsedDocument {
  const lines = new LineCounter()
  const fail = (found: {offset: number; message: string}[]): never => {
    throw new DocumentError(found.map(({offset, message}) => syntaxProblem(text, lines, offset, message, file)))
  }
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
    if (faults.length > 0) fail(onePerLine(faults, lines))
    return {file, text, value: document.toJS({maxAliasCount}), locate: locator(document, lines)}
  } catch (error) {
    if (error instanceof RangeError) return fail([{offset: 0, message: tooDeep}])
    // The library's way of saying that it counted more aliases than it may expand.
    if (error instanceof ReferenceError) return fail([{offset: 0, message: 'expands too many aliases'}])
    throw error
  }
}

/** Further mistakes of a line are mostly consequences of the first. */
function onePerLine(
  faults: readonly Pick<YAMLError, 'code' | 'pos' | 'message'>[],
  lines: LineCounter,
): {offset: number; message: string}[] {
  const byLine = new Map<number, {offset: number; message: string}>()
  for (const {code, pos, message} of faults) {
    const {line} = lines.linePos(pos[0])
    if (!byLine.has(line))
      byLine.set(line, {offset: pos[0], message: code === 'RESOURCE_EXHAUSTION' ? tooDeep : message})
  }
  return [...byLine.values()]
}

function syntaxProblem(
  text: string,
  lines: LineCounter,
  offset: number,
  message: string,
  file: string | undefined,
): Problem {
  const {line, col} = lines.linePos(offset)
  const place = {line: Math.max(line, 1), column: Math.max(col, 1)}
  return {
    ...(file !== undefined && {file}),
    ...place,
    path: '',
    message,
    excerpt: excerptAt(text, place.line, place.column),
  }
}
