/** Tokens that llama.cpp allocates for a context of that size: it gives each sequence a multiple of 256 cells. */
export function paddedContext(contextSize: number): number {
  return Math.ceil(contextSize / 256) * 256
}
