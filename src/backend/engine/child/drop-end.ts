import type {AddonContext} from './addon-types.js'

/**
 * Leaves the first `length` tokens in a sequence. `false` where that cannot be: recurrent memory has one state, and a
 * sliding window that was read from a file lacks what it had left behind, which it would have to slide back over.
 */
export function dropEnd(context: AddonContext, sequence: number, length: number): boolean {
  return (
    context.getSequenceKvCacheMinPosition(sequence) === 0 && context.removeTokenCellsFromSequence(sequence, length, -1)
  )
}
