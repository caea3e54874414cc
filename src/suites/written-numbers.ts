import type {ParsedDocument} from '../documents/index.js'

/** Variables, by their dotted paths, whose number is written otherwise in the suite: 1.10, 0x1F, 1e3. */
export type WrittenNumbers = ReadonlyMap<string, {value: number; text: string}>

/** The entries for the variable `name`, whose value is at that path of the document. */
export function findWrittenNumbers(
  name: string,
  value: unknown,
  {written, path}: {written: ParsedDocument['written']; path: readonly (string | number)[]},
): [string, {value: number; text: string}][] {
  if (typeof value === 'number') {
    const text = written(path)
    return text === undefined || text === String(value) ? [] : [[name, {value, text}]]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const part = Array.isArray(value) ? Number(key) : key
    return findWrittenNumbers(`${name}.${key}`, item, {written, path: [...path, part]})
  })
}
