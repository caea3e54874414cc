import {bounds, exceeded, type Bounds} from './bounds.js'

/** The place of a value that is too large, or that JSON cannot hold. */
export interface NotPlain {
  path: (string | number)[]
  /** The rest of a sentence about the value at the path. */
  message: string
}

interface Frame {
  source: object
  target: object
  /** Names or positions to visit. */
  keys: readonly (string | number)[]
  next: number
}

/**
 * A copy of plain lists and objects of a value that may be anything: an object that contains itself, a proxy, a getter that
 * throws. Each property is read once, and the copy does not change any more. Level by level instead of recursive, because
 * a recursive look would itself be too deep. `undefined` stays; what JSON cannot hold is reported.
 */
export function plainCopy(value: unknown): {copy: unknown} | NotPlain {
  const counts = {containers: 0, keys: 0, values: 1}
  const frames: Frame[] = []
  const result: unknown[] = []
  const path = (): (string | number)[] => frames.flatMap(({keys, next}) => keys[next - 1] ?? [])
  try {
    let fault = put(result, 0, value, frames, counts)
    for (let frame = frames.at(-1); frame !== undefined && fault === undefined; frame = frames.at(-1)) {
      const key = frame.keys[frame.next]
      if (key === undefined) {
        frames.pop()
        continue
      }
      frame.next += 1
      fault = put(frame.target, key, (frame.source as Record<string | number, unknown>)[key], frames, counts)
    }
    return fault === undefined ? {copy: result[0]} : {path: path(), message: fault}
  } catch (error) {
    // A getter or a proxy of the caller's may throw anything.
    return {path: path(), message: `cannot be read: ${error instanceof Error ? error.message : typeof error}`}
  }
}

/** Puts a copy of the value there; its contents follow with the new frame. Returns what is wrong. */
function put(
  target: object,
  key: string | number,
  value: unknown,
  frames: Frame[],
  counts: Pick<Bounds, 'containers' | 'keys' | 'values'>,
): string | undefined {
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    return `must be a JSON value; got a ${typeof value}`
  if (typeof value !== 'object' || value === null) {
    define(target, key, value)
    return undefined
  }
  if (frames.length >= bounds.levels) return `${exceeded('levels')}, or contains itself`
  const names = Array.isArray(value) ? undefined : Object.keys(value)
  // A list may claim any length, so its positions are not listed yet.
  const length = names?.length ?? (value as unknown[]).length
  counts.containers += 1
  counts.keys += names?.length ?? 0
  counts.values += length
  if (names !== undefined && length > bounds.objectKeys) return exceeded('objectKeys')
  const which = (['containers', 'keys', 'values'] as const).find((each) => counts[each] > bounds[each])
  if (which !== undefined) return exceeded(which)
  const copy = names === undefined ? [] : {}
  define(target, key, copy)
  frames.push({source: value, target: copy, keys: names ?? Array.from({length}, (_, at) => at), next: 0})
  return undefined
}

function define(target: object, key: string | number, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {value, enumerable: true, configurable: true, writable: true})
  } else {
    ;(target as Record<string | number, unknown>)[key] = value
  }
}
