/** How large a value may be that comes from outside: a JSON text, a document, or an object of a caller. */
export interface Bounds {
  /** Lists and objects within each other. */
  levels: number
  /** Lists and objects. */
  containers: number
  /** Keys of all objects together. */
  keys: number
  /** Keys of one object. Small objects share their form, and large ones are slow to read and to copy. */
  objectKeys: number
  /** Values of all kinds. */
  values: number
}

/**
 * Code that reads, clones, compares or prints a value may be recursive, so depth is limited; the numbers keep a single
 * value from stopping everything else for more than a moment. 10,000 messages with their parts fit, and so does every
 * token of the largest context.
 */
export const bounds: Bounds = {levels: 100, containers: 100_000, keys: 100_000, objectKeys: 10_000, values: 1_100_000}

/** Why a value is too large, as the rest of a sentence: `is nested more than 100 levels deep`. */
export function exceeded(which: keyof Bounds): string {
  switch (which) {
    case 'levels':
      return `is nested more than ${bounds.levels} levels deep`
    case 'containers':
      return `has more than ${bounds.containers} lists and objects`
    case 'keys':
      return `has more than ${bounds.keys} keys`
    case 'objectKeys':
      return `has an object with more than ${bounds.objectKeys} keys`
    case 'values':
      return `has more than ${bounds.values} values`
  }
}

/** Where a JSON text exceeds the bounds. */
export interface Excess {
  which: keyof Bounds
  /** In UTF-16 units from the start. */
  offset: number
  /** The field of the outermost object in which it happens, if there is one. */
  field: string | undefined
}

/**
 * Looks at a JSON text before it is parsed, because parsing a million brackets takes a second. A text that is not JSON
 * has no meaningful result; the parser rejects it.
 */
export function excessOfText(text: string): Excess | undefined {
  const scan: Scan = {
    ...{level: 0, containers: 0, keys: 0, values: 1, stringStart: 0, stringEnd: 0, field: undefined},
    keysAt: new Int32Array(bounds.levels + 1),
  }
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      scan.stringStart = at
      at = endOfString(text, at)
      scan.stringEnd = at + 1
      continue
    }
    const which = count(scan, code, text)
    if (which === undefined) continue
    return {which, offset: at, field: scan.level > 0 ? scan.field : undefined}
  }
  return undefined
}

interface Scan {
  level: number
  containers: number
  keys: number
  values: number
  /** Keys so far of the open object on each level. */
  keysAt: Int32Array
  /** The last string. */
  stringStart: number
  stringEnd: number
  field: string | undefined
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

function count(scan: Scan, code: number, text: string): keyof Bounds | undefined {
  switch (code) {
    case openList:
    case openObject:
      scan.containers += 1
      scan.level += 1
      scan.values += 1
      if (scan.level > bounds.levels) return 'levels'
      scan.keysAt[scan.level] = 0
      return scan.containers > bounds.containers ? 'containers' : undefined
    case closeList:
    case closeObject:
      scan.level -= 1
      return undefined
    case colon:
      scan.keys += 1
      if (scan.level === 1) scan.field = readName(text.slice(scan.stringStart, scan.stringEnd))
      if (scan.keys > bounds.keys) return 'keys'
      return countKey(scan) > bounds.objectKeys ? 'objectKeys' : undefined
    case comma:
      scan.values += 1
      return scan.values > bounds.values ? 'values' : undefined
    default:
      return undefined
  }
}

function countKey({keysAt, level}: Scan): number {
  const keys = (keysAt[level] ?? 0) + 1
  keysAt[level] = keys
  return keys
}

/** After so many characters the next quote is searched natively: most of a large text is in long strings. */
const shortString = 64

function endOfString(text: string, start: number): number {
  let native = start + shortString
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) at += 1
    else if (at > native) {
      const next = text.indexOf('"', at)
      if (next < 0) return text.length
      if (!isEscaped(text, next, at)) return next
      at = next
      native = next + shortString
    }
  }
  return text.length
}

/** Whether an odd number of backslashes stands before the quote, of those after `from`. */
function isEscaped(text: string, quoteAt: number, from: number): boolean {
  let first = quoteAt
  while (first - 1 > from && text.charCodeAt(first - 1) === backslash) first -= 1
  return (quoteAt - first) % 2 === 1
}

function readName(json: string): string | undefined {
  try {
    return String(JSON.parse(json))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
