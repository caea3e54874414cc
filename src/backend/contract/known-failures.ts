/** What llama.cpp or a driver says when it fails in a way that has a known remedy; what is more precise comes first. */
const knownFailures: readonly {says: RegExp; hint: string}[] = [
  {
    says: /provided PTX was compiled with an unsupported toolchain/i,
    hint:
      'The CUDA binary has no machine code for this GPU, and the driver is too old for its PTX, which CUDA 13.1 made. ' +
      'Update the driver to one that supports CUDA 13.1, or build llama.cpp for this GPU, with CMAKE_CUDA_ARCHITECTURES=90-real for compute capability 9.0 (docs/gpu.md).',
  },
  {
    says: /CUDA error/,
    hint: 'A call to the GPU failed. Check the driver (nvidia-smi) against what the CUDA binary needs (docs/gpu.md), and the free GPU memory; logging.file has what llama.cpp said.',
  },
]

export interface KnownFailure {
  /** The line that says it. */
  line: string
  hint: string
}

/** Finds the known failure that an output tells of. */
export function findKnownFailure(output: string): KnownFailure | undefined {
  const lines = output.split('\n')
  for (const {says, hint} of knownFailures) {
    const line = lines.find((one) => says.test(one))
    if (line !== undefined) return {line: line.trim(), hint}
  }
  return undefined
}
