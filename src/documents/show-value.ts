import {inspect} from 'node:util'

/** Longest text that stands for a value or a name in a message, in UTF-16 units. */
const longest = 60

/** A value as JSON, where it has such a form; cut when it is long. Not more of it is read than is shown. */
export function showValue(value: unknown): string {
  // JSON has no NaN and no infinity.
  return shorten(typeof value === 'number' ? String(value) : write(value, longest + 1))
}

/** A name or path in a message; cut when it is longer than that. */
export function shorten(text: string, most: number = longest): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}

/** JSON of at least the first characters of a value. Each level has a bracket, so it cannot be too deep. */
function write(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, Math.max(0, room)))
  if (typeof value === 'object' && value !== null) return room > 0 ? writeContainer(value, room) : ''
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return JSON.stringify(value)
  return inspect(value)
}

function writeContainer(value: object, room: number): string {
  try {
    if (!Array.isArray(value)) return writeObject(value, room)
    let text = '['
    for (let at = 0; at < value.length && text.length < room; at++) {
      text += (at === 0 ? '' : ',') + write(value[at] ?? null, room - text.length)
    }
    return `${text}]`
  } catch (error) {
    // A getter or a proxy of the caller's.
    return `(cannot be read: ${error instanceof Error ? error.message : typeof error})`
  }
}

function writeObject(value: object, room: number): string {
  let text = '{'
  for (const key of Object.keys(value)) {
    if (text.length >= room) break
    const inner = (value as Record<string, unknown>)[key]
    if (inner === undefined) continue
    const name = JSON.stringify(key.slice(0, Math.max(0, room)))
    text += `${text === '{' ? '' : ','}${name}:`
    text += write(inner, room - text.length)
  }
  return `${text}}`
}
