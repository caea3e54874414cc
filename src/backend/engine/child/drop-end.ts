import type {AddonContext} from './addon-types.js'

/**
 * Keeps the first `length` tokens of a sequence. `false` if that is not possible: recurrent memory has one state, and a
 * sliding window that was restored from a file lacks the earlier cells that it would need.
 */
export function dropEnd(context: AddonContext, sequence: number, length: number): boolean {
  return (
    context.getSequenceKvCacheMinPosition(sequence) === 0 && context.removeTokenCellsFromSequence(sequence, length, -1)
  )
}
