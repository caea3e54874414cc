import type {CostCurve} from './cost-curve.js'
import type {Generation} from './generation.js'

/** The next tokens of a prompt to evaluate. */
export interface Piece {
  generation: Generation
  tokens: Uint32Array
  /** Whether these are its last ones, so that the answer's first token is sampled. */
  samples: boolean
}

/** Prompts share a decode if that takes at most this share of the time of separate decodes. */
const worthSharing = 0.85

/**
 * The prompt whose turn it is, up to `room` tokens, and with it others in the slots beside its own that have as many tokens
 * left, when the measured costs say that one decode of all is quicker: pieces of equal length in consecutive slots are
 * one pass (`countPasses`).
 *
 * A short prompt that comes while a long one is evaluated goes first, until as many tokens were evaluated since as the long
 * one had: that takes it at most twice as long as alone.
 */
export function planPrompts(prompts: readonly Generation[], room: number, costs: CostCurve): Piece[] {
  const next = nextOf(prompts)
  if (next === undefined) return []
  const others = prompts.filter((generation) => generation !== next)
  const {length} = wantedOf(next).subarray(0, room)
  return [next, ...companions(next, others, length, room, costs)]
    .sort((a, b) => a.slot.id - b.slot.id)
    .map((generation) => {
      const tokens = wantedOf(generation).subarray(0, length)
      return {generation, tokens, samples: length === generation.promptRest.length}
    })
}

/** The next prompt; `undefined` if none has tokens to evaluate. */
export function nextOf(prompts: readonly Generation[]): Generation | undefined {
  return prompts.filter((one) => wantedOf(one).length > 0).sort((a, b) => a.turn - b.turn)[0]
}

function companions(
  next: Generation,
  others: readonly Generation[],
  length: number,
  room: number,
  costs: CostCurve,
): Generation[] {
  const alike = new Map(
    others.flatMap((generation) => (wantedOf(generation).length === length ? [[generation.slot.id, generation]] : [])),
  )
  const found: Generation[] = []
  const join = (slot: number): boolean => {
    const generation = alike.get(slot)
    const count = found.length + 2
    if (generation === undefined || count * length > room) return false
    if (costs.estimate(count * length) > worthSharing * count * costs.estimate(length)) return false
    found.push(generation)
    return true
  }
  for (let slot = next.slot.id + 1; join(slot); slot++);
  for (let slot = next.slot.id - 1; join(slot); slot--);
  return found
}

/**
 * The part of the prompt that can be evaluated: without a credit, all but its last token, which the first step needs.
 */
function wantedOf({credits, promptRest}: Generation): Uint32Array {
  return credits > 0 ? promptRest : promptRest.subarray(0, -1)
}
