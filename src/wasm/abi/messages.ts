import type {Errno} from './numbers.js'

/** A tensor as a guest passes it: the type is still a number. */
export interface GuestTensor {
  dimensions: number[]
  type: number
  data: Uint8Array
}

/** A call of a guest, read from its memory. Handles are the guest's own. */
export type NnRequest =
  | {call: 'load'; builders: Uint8Array[]; encoding: number; target: number}
  | {call: 'load_by_name'; name: string}
  | {call: 'load_by_name_with_config'; name: string; config: string}
  | {call: 'init_execution_context'; graph: number}
  | {call: 'set_input'; context: number; index: number; tensor: GuestTensor}
  | {call: 'compute'; context: number}
  | {call: 'compute_single'; context: number}
  | {call: 'get_output'; context: number; index: number; size: number}
  | {call: 'get_output_single'; context: number; index: number; size: number}
  | {call: 'fini_single'; context: number}
  | {call: 'unload'; graph: number}
  | {call: 'finalize_execution_context'; context: number}
  /** Arguments that could not be read, with the result that the call already has. */
  | {call: 'unreadable'; function: NnFunction; errno: Errno; message: string}

/** The names of the functions, as in the witx of WASI-NN and in WasmEdge. */
export const nnFunctions = [
  'load',
  'load_by_name',
  'load_by_name_with_config',
  'init_execution_context',
  'set_input',
  'compute',
  'compute_single',
  'get_output',
  'get_output_single',
  'fini_single',
  'unload',
  'finalize_execution_context',
] as const
export type NnFunction = (typeof nnFunctions)[number]

/** The module that the functions are imported from. */
export const nnModule = 'wasi_ephemeral_nn'

/** The result of a call, before it is written into the memory. */
export interface NnReply {
  errno: Errno
  /** A new handle, or the number of bytes of an output: those needed, if the buffer was too small. */
  value?: number
  /** An output that fits into the buffer. */
  bytes?: Uint8Array
}
