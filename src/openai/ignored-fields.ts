import {formatPath} from '../documents/index.js'

/** The fields that a value may have. Without `properties` any field is known, as in a JSON schema of a client. */
export interface KnownFields {
  properties?: Readonly<Record<string, KnownFields>>
  items?: KnownFields
}

type Path = readonly (string | number)[]

/**
 * Paths of the fields that nothing reads, at any depth; `null` is the same as leaving a field out. Of the items of a list
 * only the first one with a field is named, because each message of a long conversation may have it. At most
 * `mostNamed` are named.
 */
export function ignoredFields(value: unknown, known: KnownFields): string[] {
  const found = new Map<string, Path>()
  collect(value, known, [], (path) => {
    const field = path.map((part) => (typeof part === 'number' ? '*' : part)).join('.')
    if (!found.has(field)) found.set(field, path)
    return found.size < mostNamed
  })
  return [...found.values()].map(formatPath)
}

/** More names than this are data. */
const mostNamed = 100

/** Ends with `false` as soon as `add` wants no more. */
function collect(value: unknown, {properties, items}: KnownFields, path: Path, add: (path: Path) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) {
    // A list may have millions of numbers.
    if (items?.properties === undefined && items?.items === undefined) return true
    return value.every((item, at) => collect(item, items, [...path, at], add))
  }
  if (properties === undefined) return true
  return Object.keys(value).every((name) => {
    const inner = (value as Record<string, unknown>)[name]
    if (inner === null) return true
    const declared = Object.hasOwn(properties, name) ? properties[name] : undefined
    return declared === undefined ? add([...path, name]) : collect(inner, declared, [...path, name], add)
  })
}
