import type {BackendStatus, StatusType} from './status.js'
import type {SwitchOptions, SwitchReport} from './switch.js'
import type {
  ComputeOptions,
  ContextId,
  ContextOptions,
  ExecutionTarget,
  GraphEncoding,
  GraphId,
  LoadOptions,
  Tensor,
} from './types.js'

/**
 * The WASI-NN lifecycle, for suites, guests and programs that speak it. `WasiNnAdapter` implements it over the typed core,
 * in this process and in a daemon alike, and passes the conformance suites. All failures are `NnError`s; which call fails with
 * which code is said per method, after the WASI-NN specification and the llama.cpp backend re-created here.
 */
export interface Backend extends AsyncDisposable {
  /** Loads model bytes. `invalid_encoding`, `invalid_argument` (empty, not GGUF), `unsupported_operation` (tpu), `too_large`. */
  load(
    builders: readonly Uint8Array[],
    encoding: GraphEncoding,
    target: ExecutionTarget,
    options?: LoadOptions,
  ): Promise<GraphId>

  /** Loads a registered name or a path. `model_not_found`, `invalid_argument` (not a GGUF), `too_large`, `runtime_error`. */
  loadByName(name: string, options?: LoadOptions): Promise<GraphId>

  /** Like `loadByName`, with the configuration of this graph: JSON text with the keys of config.md. */
  loadByNameWithConfig(name: string, config: string, options?: LoadOptions): Promise<GraphId>

  /**
   * Opens a context with a new session. `invalid_argument` (unknown graph), `runtime_error` at the limit of
   * `max_concurrent`.
   */
  initExecutionContext(graph: GraphId, options?: ContextOptions): Promise<ContextId>

  /** Opens a context on the session with this id and its history; creates the session if it does not exist. */
  initExecutionContextWithSessionId(
    graph: GraphId,
    sessionId: string,
    options?: Pick<ContextOptions, 'counted'>,
  ): Promise<ContextId>

  /** `invalid_argument`: unknown context, index other than 0 and 1, tensor not u8 or not UTF-8, wrong dimensions. */
  setInput(context: ContextId, index: number, tensor: Tensor): Promise<void>

  /** `invalid_argument` (no input), `prompt_too_long`, `context_full`, `timeout`, `runtime_error` (queue full, engine). */
  compute(context: ContextId, options?: ComputeOptions): Promise<void>

  /**
   * Returns the number of bytes written into `buffer`. `invalid_argument`; `too_large` with `neededBytes` (nothing is
   * written).
   */
  getOutput(context: ContextId, index: number, buffer: Uint8Array): Promise<number>

  /** Generates one token. `end_of_sequence` when the answer is complete; the next call starts a new answer. */
  computeSingle(context: ContextId, options?: ComputeOptions): Promise<void>

  /** Index 0: the text of the last token (0 bytes before the first); index 1: the metadata so far. */
  getOutputSingle(context: ContextId, index: number, buffer: Uint8Array): Promise<number>

  /** Ends token-by-token generation; the text so far goes into the history. */
  finiSingle(context: ContextId): Promise<void>

  /** `setInput` + `compute` + `getOutput` in one call, with runtime options for this call only. */
  runInference(
    context: ContextId,
    index: number,
    tensor: Tensor,
    buffer: Uint8Array,
    runtimeOptions?: string,
    options?: ComputeOptions,
  ): Promise<number>

  /** Closes the handle; the session keeps its history. `invalid_argument` the second time. */
  closeExecutionContext(context: ContextId): Promise<void>

  /**
   * Replaces the model of a graph; its contexts and sessions continue. Running tasks finish on the old model, queued
   * ones run on the new one. `config` is as for `loadByNameWithConfig`. Fails like `loadByName`, and with
   * `runtime_error` while another switch of the graph runs. After a failure the old model stays.
   */
  switchGraph(graph: GraphId, name: string, config?: string, options?: SwitchOptions): Promise<SwitchReport>

  /** Releases the model; its contexts are closed. `invalid_argument` for an unknown graph. */
  unload(graph: GraphId): Promise<void>

  /** The status as JSON text in `buffer`. `invalid_argument` (unknown type), `too_large`. */
  getBackendStatus(type: StatusType, buffer: Uint8Array): Promise<number>

  /** The same status as a value, for TypeScript callers. */
  status<T extends StatusType>(type: T): Promise<BackendStatus[T]>

  /** Releases contexts, graphs, processes and files. `invalid_argument` the second time. */
  deinit(): Promise<void>
}
