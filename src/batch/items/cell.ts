import {keyAliases, normalizeName, runtimeAliases} from '../../config/legacy/aliases.js'
import {keysOf, requestSections, type KeySchema} from '../../config/schema.js'
import type {JsonSchema} from '../../documents/index.js'

const schemas = new Map<string, KeySchema>(
  keysOf(requestSections).flatMap(({name, key, schema}) =>
    [key, ...(keyAliases[name] ?? []), ...(runtimeAliases[name] ?? [])].map((spelling) => [spelling, schema] as const),
  ),
)

/** Names by which an item may give an option. */
export const optionNames: readonly string[] = [...schemas.keys()]

/**
 * The value of an option in a table cell: `0.7`, `true`, `["a", "b"]`, or the only item of a list. Spreadsheets write
 * TRUE, and numbers in more ways than JSON has: `.5`, `+5`, `007`.
 */
export function readCell(option: string, text: string): unknown {
  const schema = schemas.get(normalizeName(option))
  switch (schema?.type ?? '') {
    case 'string':
      return text
    case 'boolean':
      return readTruth(text)
    case 'integer':
      // To half the world 1.000 is a thousand.
      return isNumber.test(text) && !isGrouped.test(text) ? Number(text) : parseWhole(text)
    case 'number':
      return isNumber.test(text) ? Number(text) : parseJson(text)
    case 'array':
      return readList(text, (schema?.items as JsonSchema | undefined)?.type === 'string')
    default:
      return parseJson(text)
  }
}

/** A cell that is grouped stays a text, which is refused. */
function parseWhole(text: string): unknown {
  return isGrouped.test(text) ? text : parseJson(text)
}

/** What to write instead of a number with separators; `undefined` for other texts and options. */
export function hintForNumber(option: string, text: string): string | undefined {
  const type = schemas.get(normalizeName(option))?.type
  if (type !== 'integer' && type !== 'number') return undefined
  const cell = text.trim()
  const plain = isGrouped.test(cell) ? cell.replaceAll(/[^\d-]/g, '') : undefined
  const withPoint = /^[+-]?\d+,\d+$/.test(cell) ? cell.replace(',', '.') : undefined
  if (plain === undefined) {
    if (withPoint === undefined) return undefined
    return type === 'integer' ? 'Write a whole number.' : `Write it with a point: ${withPoint}`
  }
  if (type === 'number' && withPoint !== undefined) {
    return `Write it without a separator, ${plain}, or with a point, ${withPoint}`
  }
  const hint = `Write it without a separator: ${plain}`
  return isNumber.test(cell) && Number.isInteger(Number(cell))
    ? `${hint}. If you mean ${Number(cell)}, write ${Number(cell)}.`
    : hint
}

/** Digits in groups of three, as countries separate thousands. */
const isGrouped = /^\s*[+-]?[1-9]\d{0,2}(?:([,.'’\u0020\u00A0\u2009\u202F])\d{3})(?:\1\d{3})*\s*$/

const isNumber = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i

function readTruth(text: string): unknown {
  const word = text.trim().toLowerCase()
  return word === 'true' || word === 'false' ? word === 'true' : parseJson(text)
}

/** Where texts are listed, 42 is one. */
function readList(text: string, ofTexts: boolean): unknown {
  const value = parseJson(text)
  if (Array.isArray(value)) return value
  return [ofTexts && typeof value !== 'string' ? text : value]
}

/** Parsed JSON, or the text itself if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return text
  }
}
