import type {GraphEncoding, ExecutionTarget, TensorType} from '../../backend/contract/types.js'
import {toNnError, type ErrorCode} from '../../errors.js'

/**
 * The numbers of `wasi_ephemeral_nn`, as the witx of WASI-NN, WasmEdge and WAMR have them. They exist only here: inside
 * of the library errors, encodings and types are names, because the numbers differ between the ABIs.
 */
export const errnos = {
  success: 0,
  invalid_argument: 1,
  invalid_encoding: 2,
  missing_memory: 3,
  busy: 4,
  runtime_error: 5,
  unsupported_operation: 6,
  too_large: 7,
  not_found: 8,
  end_of_sequence: 100,
  context_full: 101,
  prompt_too_long: 102,
  model_not_found: 103,
} as const
export type Errno = (typeof errnos)[keyof typeof errnos]

const errnoOfCode: Readonly<Record<ErrorCode, Errno>> = {
  invalid_argument: errnos.invalid_argument,
  invalid_encoding: errnos.invalid_encoding,
  timeout: errnos.runtime_error,
  runtime_error: errnos.runtime_error,
  unsupported_operation: errnos.unsupported_operation,
  too_large: errnos.too_large,
  not_found: errnos.not_found,
  // witx has no number for it, and a guest can only change what it passed.
  security: errnos.invalid_argument,
  unknown: errnos.runtime_error,
  end_of_sequence: errnos.end_of_sequence,
  context_full: errnos.context_full,
  prompt_too_long: errnos.prompt_too_long,
  model_not_found: errnos.model_not_found,
  not_running: errnos.runtime_error,
}

/** The number that a guest gets for an error. A call that may succeed later is `busy`. */
export function errnoOf(thrown: unknown): Errno {
  const error = toNnError(thrown)
  return error.canRetry ? errnos.busy : errnoOfCode[error.code]
}

export function errnoName(errno: number): string {
  return Object.entries(errnos).find(([, number]) => number === errno)?.[0] ?? String(errno)
}

/** 5 is autodetect for WasmEdge and ggml for WAMR, 6 the other way round: both mean that the bytes decide. */
export const encodings: Readonly<Record<number, GraphEncoding>> = {
  0: 'openvino',
  1: 'onnx',
  2: 'tensorflow',
  3: 'pytorch',
  4: 'tensorflowlite',
  5: 'ggml',
  6: 'ggml',
}

/** 3 is `auto`, which WasmEdge accepts in `--nn-preload` only. */
export const targets: Readonly<Record<number, ExecutionTarget>> = {0: 'cpu', 1: 'gpu', 2: 'tpu'}

/** In witx, u8 is 3. In the wit of WASI-NN it is 4. */
export const tensorTypes: Readonly<Record<number, TensorType>> = {
  0: 'fp16',
  1: 'fp32',
  2: 'fp64',
  3: 'u8',
  4: 'i32',
  5: 'i64',
}
