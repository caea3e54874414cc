/**
 * A seeded generator of numbers in [0, 1): SplitMix32, a 32-bit finalizer over a Weyl sequence.
 * One per answer, so that an answer depends on its own seed alone.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000
  }
}

/** A seed for an answer that was not given one. llama.cpp reads 2^32 - 1 as "choose one yourself": never that. */
export function randomSeed(random: () => number = Math.random): number {
  return Math.floor(random() * 0xffff_ffff)
}
