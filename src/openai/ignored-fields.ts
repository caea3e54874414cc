import {formatPath} from '../documents/index.js'

/** The fields that a value may have. Without `properties` any field is known, as in a JSON schema of a client. */
export interface KnownFields {
  properties?: Readonly<Record<string, KnownFields>>
  items?: KnownFields
}

type Path = readonly (string | number)[]

/**
 * Paths of the fields that nothing reads, at any depth; `null` is the same as leaving a field out. Of the items of a list
 * only the first one with a field is named, because each message of a long conversation may have it.
 */
export function ignoredFields(value: unknown, known: KnownFields): string[] {
  const found = new Map<string, Path>()
  collect(value, known, [], (path) => {
    const field = path.map((part) => (typeof part === 'number' ? '*' : part)).join('.')
    if (!found.has(field)) found.set(field, path)
  })
  return [...found.values()].map(formatPath)
}

function collect(value: unknown, {properties, items}: KnownFields, path: Path, add: (path: Path) => void): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    // A list may have millions of numbers.
    if (items?.properties === undefined && items?.items === undefined) return
    for (const [at, item] of value.entries()) collect(item, items, [...path, at], add)
    return
  }
  if (properties === undefined) return
  for (const [name, inner] of Object.entries(value)) {
    if (inner === null) continue
    const declared = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (declared === undefined) add([...path, name])
    else collect(inner, declared, [...path, name], add)
  }
}
