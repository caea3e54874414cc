/** The library: the WASI-NN lifecycle on llama.cpp. */
export {initBackend, initCore, LocalBackend, LocalCore, type InitOptions} from './backend/index.js'
export {RemoteBackend} from './rpc/client/remote-backend.js'
export {RemoteCore, type PrivateOptions} from './rpc/client/remote-core.js'
export * from './backend/contract/core.js'
export type {Backend} from './backend/contract/wasi-nn.js'
export * from './backend/contract/types.js'
export * from './backend/contract/status.js'
export * from './backend/contract/switch.js'
export {readMetadata, readOutput} from './backend/contract/read-output.js'
export {traceBackend} from './backend/contract/traced.js'
export {TraceFile, type TracedCall} from './system/trace-file.js'
export {
  compileGuest,
  createWasiNN,
  GraphPool,
  readPreloads,
  runGuest,
  type GuestHostOptions,
  type GuestResult,
  type NnBackend,
  type Preload,
  type RunGuestOptions,
  type WasiNN,
} from './wasm/index.js'
export {textTensor} from './backend/contract/tensor.js'
export {errorCodes, NnError, reasons, type ErrorCode, type NnErrorOptions, type Reason} from './errors.js'
export type {Config, ConfigWarning, RuntimeOptions} from './config/index.js'
