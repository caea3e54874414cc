import {isScalar, visit, type Document, type Scalar} from 'yaml'
import {nodeAt} from './locate.js'

/** The number of a path as the text has it; `undefined` for anything else. */
export type Written = (path: readonly (string | number)[]) => string | undefined

/**
 * Replaces keys that are numbers, and integers that a number would round, by their text. Returns the replaced nodes.
 * @internal
 */
export function keepDigits(document: Document): ReadonlySet<Scalar> {
  const kept = new Set<Scalar>()
  visit(document, {
    Scalar: (place, node) => {
      const {value, source} = node
      if (typeof value !== 'number' || source === undefined) return
      if (place !== 'key' && !isRounded(value, source)) return
      node.value = source
      kept.add(node)
    },
  })
  return kept
}

/** Whether an integer of a value may be rounded, which only its text can tell. */
export function losesDigits(value: unknown): boolean {
  let level: unknown[] = [value]
  while (level.length > 0) {
    if (level.some((item) => Number.isInteger(item) && !Number.isSafeInteger(item))) return true
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? (Object.values(item) as unknown[]) : [],
    )
  }
  return false
}

/**
 * Reads numbers of a document as they are written there, those of `keepDigits` included.
 * @internal
 */
export function numberReader(document: Document, kept: ReadonlySet<Scalar>): Written {
  return (path) => {
    const node = nodeAt(document, path)
    return isScalar(node) && (typeof node.value === 'number' || kept.has(node)) ? node.source : undefined
  }
}

function isRounded(value: number, source: string): boolean {
  if (Number.isSafeInteger(value) || !/^(?:[-+]?\d+|0o[0-7]+|0x[\da-fA-F]+)$/.test(source)) return false
  // JSON has numbers of other programs with these digits, which lose nothing.
  return String(value) !== source && (!Number.isFinite(value) || BigInt(value) !== BigInt(source))
}
