import {Flags} from '@oclif/core'

/** Where the WASI-NN calls of a command are written. */
export const traceFlag = Flags.string({
  description: "Write each WASI-NN call to this file: JSON lines, or Chrome's trace events for a name in .json.",
  helpValue: 'file',
})
