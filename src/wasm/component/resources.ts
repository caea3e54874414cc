import {NnError, toNnError, type ErrorCode} from '../../errors.js'
import type {NnReply, NnRequest} from '../abi/messages.js'

/** The enumerations of `wasi:nn`, in the order of its wit. */
export const tensorTypes = ['FP16', 'FP32', 'FP64', 'BF16', 'U8', 'I32', 'I64'] as const
export type TensorType = (typeof tensorTypes)[number]
export const graphEncodings = [
  ...(['openvino', 'onnx', 'tensorflow', 'pytorch', 'tensorflowlite', 'ggml', 'autodetect'] as const),
] as const
export type GraphEncoding = (typeof graphEncodings)[number]
export const executionTargets = ['cpu', 'gpu', 'tpu'] as const
export type ExecutionTarget = (typeof executionTargets)[number]

const errorCodes: Readonly<Record<ErrorCode, string>> = {
  invalid_argument: 'invalid-argument',
  invalid_encoding: 'invalid-encoding',
  timeout: 'timeout',
  runtime_error: 'runtime-error',
  unsupported_operation: 'unsupported-operation',
  too_large: 'too-large',
  not_found: 'not-found',
  security: 'security',
  unknown: 'unknown',
  // The wit has no codes of their own for these; `data` names them.
  end_of_sequence: 'runtime-error',
  context_full: 'runtime-error',
  prompt_too_long: 'too-large',
  model_not_found: 'not-found',
  not_running: 'runtime-error',
}

/** The resource `error`. */
export class NnComponentError {
  constructor(private readonly error: NnError) {}

  code(): string {
    return errorCodes[this.error.code]
  }

  /** The code of this project, and what happened. */
  data(): string {
    return `${this.error.code}: ${this.error.message}`
  }
}

/** What jco takes as the error of a function: an object with a payload. */
export class ResultError extends Error {
  override readonly name = 'ResultError'
  readonly payload: NnComponentError

  constructor(thrown: unknown) {
    const error = toNnError(thrown, 'runtime_error')
    super(error.message, {cause: error})
    this.payload = new NnComponentError(error)
  }
}

/** The resource `tensor`. */
export class Tensor {
  constructor(
    private readonly sizes: Uint32Array | readonly number[],
    private readonly type: TensorType,
    private readonly bytes: Uint8Array,
  ) {}

  dimensions(): Uint32Array {
    return Uint32Array.from(this.sizes)
  }

  ty(): TensorType {
    return this.type
  }

  data(): Uint8Array {
    return this.bytes
  }
}

export type NamedTensor = [name: string, tensor: Tensor]

/** The calls of a component, over the host of a guest. */
export interface ComponentHost {
  perform(request: NnRequest): Promise<Omit<NnReply, 'errno'>>
  /** Work that a dropped resource leaves, which nobody awaits. */
  later(work: Promise<unknown>): void
}

/** Size of the first buffer for an output, in bytes. */
const firstSize = 1 << 20

/** In witx, u8 is 3; other types have no meaning for a language model. */
const witxTypes: Readonly<Record<TensorType, number>> = {FP16: 0, FP32: 1, FP64: 2, BF16: 255, U8: 3, I32: 4, I64: 5}

/** The names of the inputs that are configurations; any other input is the prompt. */
const configNames: readonly string[] = ['config', 'options']

/** The resource `graph-execution-context`. */
export class GraphExecutionContext {
  constructor(
    private readonly host: ComponentHost,
    private readonly handle: number,
  ) {}

  /** Sets the inputs and computes. The outputs are `output`, the text, and `metadata`, JSON. */
  async compute(inputs: readonly NamedTensor[]): Promise<NamedTensor[]> {
    const {host, handle: context} = this
    try {
      // The configuration first: it says how the prompt is read.
      const ordered = [...inputs].sort(([one], [other]) => Number(isConfig(other)) - Number(isConfig(one)))
      for (const [name, input] of ordered) {
        const tensor = {dimensions: [...input.dimensions()], type: witxTypes[input.ty()], data: input.data()}
        await host.perform({call: 'set_input', context, index: isConfig(name) ? 1 : 0, tensor})
      }
      await host.perform({call: 'compute', context})
      return [
        ['output', await this.output(0)],
        ['metadata', await this.output(1)],
      ]
    } catch (error) {
      throw new ResultError(error)
    }
  }

  [Symbol.dispose](): void {
    this.host.later(this.host.perform({call: 'finalize_execution_context', context: this.handle}))
  }

  private async output(index: 0 | 1): Promise<Tensor> {
    const read = (size: number): Promise<Omit<NnReply, 'errno'>> =>
      this.host.perform({call: 'get_output', context: this.handle, index, size})
    const {bytes = new Uint8Array()} = await read(firstSize).catch((error: unknown) => {
      if (!(error instanceof NnError) || error.neededBytes === undefined) throw error
      return read(error.neededBytes)
    })
    return new Tensor([bytes.length], 'U8', bytes)
  }
}

/** The resource `graph`. */
export class Graph {
  constructor(
    private readonly host: ComponentHost,
    private readonly handle: number,
  ) {}

  async initExecutionContext(): Promise<GraphExecutionContext> {
    try {
      const {value = 0} = await this.host.perform({call: 'init_execution_context', graph: this.handle})
      return new GraphExecutionContext(this.host, value)
    } catch (error) {
      throw new ResultError(error)
    }
  }
}

function isConfig(name: string): boolean {
  return configNames.includes(name)
}
