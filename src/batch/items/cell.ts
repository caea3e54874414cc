import {normalizeName} from '../../config/legacy/aliases.js'
import {keysOf, requestSections} from '../../config/schema.js'

const types = new Map(keysOf(requestSections).map(({key, schema}) => [key, schema.type]))

/** The value of an option in a table cell: `0.7`, `true`, `["a", "b"]`, or the only item of a list. */
export function readCell(option: string, text: string): unknown {
  const type = types.get(normalizeName(option))
  if (type === 'string') return text
  const value = parseJson(text)
  return type === 'array' && !Array.isArray(value) ? [value] : value
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
