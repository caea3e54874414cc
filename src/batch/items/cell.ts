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
    case 'number':
      return isNumber.test(text) ? Number(text) : parseJson(text)
    case 'array':
      return readList(text, (schema?.items as JsonSchema | undefined)?.type === 'string')
    default:
      return parseJson(text)
  }
}

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
