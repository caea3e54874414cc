import type {ChatMessage} from '../../protocol.js'

/** What rendering one conversation may take, all attempts together. */
export interface RenderLimits {
  /** CPU time of the process in milliseconds. Time in which other programs have the CPU does not count. */
  cpuMs: number
  /** Memory in bytes that the process may take beyond what it has before. */
  memoryBytes: number
  /** Characters of the rendered text. */
  characters: number
}

const mib = 1024 * 1024

/**
 * A conversation of 10,000 messages takes up to 0.8 s a rendering, and up to twelve renderings if its template treats
 * marked messages otherwise.
 */
const cpuMs = {base: 5000, perMessage: 1, perMillionCharacters: 1000, most: 60_000}

/** A conversation of 4 million characters takes 55 MB. */
const memoryBytes = {base: 256 * mib, perCharacter: 32}

/** Templates write some words around each message, and tools in the long form. */
const characters = {base: mib, perMessage: 256, perCharacter: 16}

/** The limits of a conversation; they grow with its size. */
export function renderLimits(messages: readonly ChatMessage[], variables: Record<string, unknown>): RenderLimits {
  const size = messages.reduce((sum, {content}) => sum + content.length, 0) + sizeOf(variables)
  return {
    cpuMs: Math.min(
      cpuMs.most,
      Math.round(cpuMs.base + cpuMs.perMessage * messages.length + (cpuMs.perMillionCharacters * size) / 1e6),
    ),
    memoryBytes: memoryBytes.base + memoryBytes.perCharacter * size,
    characters: characters.base + characters.perMessage * messages.length + characters.perCharacter * size,
  }
}

/** Characters of all texts in a value, and a few for each of its other parts. */
function sizeOf(value: unknown): number {
  const seen = new Set<unknown>()
  const left: unknown[] = [value]
  let size = 0
  while (left.length > 0) {
    const next = left.pop()
    size += typeof next === 'string' ? next.length : 8
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    for (const [key, part] of Object.entries(next)) {
      size += key.length
      left.push(part)
    }
  }
  return size
}
