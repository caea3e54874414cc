import {normalizeName} from '../../config/legacy/aliases.js'
import {keysOf, requestSections} from '../../config/schema.js'

const types = new Map(keysOf(requestSections).map(({key, schema}) => [key, schema.type]))

/** The value of an option that stands as text in a table: `0.7`, `true`, `["a", "b"]`, or a list's only item. */
export function readCell(option: string, text: string): unknown {
  const type = types.get(normalizeName(option))
  if (type === 'string') return text
  const value = parseJson(text)
  return type === 'array' && !Array.isArray(value) ? [value] : value
}

/** JSON, or the text itself where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return text
  }
}
