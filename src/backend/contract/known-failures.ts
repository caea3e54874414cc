/** Messages of llama.cpp or a driver with a known fix; more specific ones come first. */
const knownFailures: readonly {says: RegExp; hint: string}[] = [
  {
    says: /provided PTX was compiled with an unsupported toolchain/i,
    hint:
      'The CUDA binary has no machine code for this GPU, and the driver is too old for its PTX code (CUDA 13.1). ' +
      'Update the driver to one that supports CUDA 13.1, or build llama.cpp for this GPU, for example with CMAKE_CUDA_ARCHITECTURES=90-real for compute capability 9.0 (docs/gpu.md).',
  },
  {
    says: /CUDA error/,
    hint: 'A GPU call failed. Check that the driver (nvidia-smi) supports the CUDA binary (docs/gpu.md), and that GPU memory is free. logging.file has the messages of llama.cpp.',
  },
]

export interface KnownFailure {
  /** The line of the message. */
  line: string
  hint: string
}

/** Finds the known failure in an output. */
export function findKnownFailure(output: string): KnownFailure | undefined {
  const lines = output.split('\n')
  for (const {says, hint} of knownFailures) {
    const line = lines.find((one) => says.test(one))
    if (line !== undefined) return {line: line.trim(), hint}
  }
  return undefined
}
