/**
 * `llama_batch_allocr::split_equal` with `sequential` (llama.cpp v0.5.0, src/llama-batch.cpp line 510), token by token and
 * with its names, called until nothing is left.
 *
 * @param sequences the sequence of each token of the batch
 * @returns the indices of the tokens of each pass
 */
export function splitEqual(sequences: readonly number[], n_ubatch: number): number[][] {
  const used = sequences.map(() => false)
  const indicesOf = (sequence: number): number[] => [...sequences.keys()].filter((i) => sequences[i] === sequence)
  const ubatches: number[][] = []
  for (;;) {
    const cur_seq_set: number[] = []
    let last_seq_id = -1
    for (const [i, sequence] of sequences.entries()) {
      if (used[i] === true) continue
      let add = true
      for (const other of cur_seq_set) if (other === sequence) add = false
      add = add && (cur_seq_set.length === 0 || sequence === last_seq_id + 1)
      if (add) {
        cur_seq_set.push(sequence)
        last_seq_id = sequence
        if (cur_seq_set.length > n_ubatch) break
      }
    }
    const n_seqs = cur_seq_set.length
    if (n_seqs === 0) return ubatches
    const rests = cur_seq_set.map((sequence) => indicesOf(sequence).filter((i) => used[i] !== true))
    const taken: number[] = []
    for (let tokens = 0; rests.every((rest) => tokens < rest.length);) {
      for (const rest of rests) {
        const i = rest[tokens] ?? -1
        used[i] = true
        taken.push(i)
      }
      tokens++
      if ((tokens + 1) * n_seqs > n_ubatch) break
    }
    ubatches.push(taken)
  }
}
