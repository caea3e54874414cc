/** The library: the WASI-NN lifecycle on llama.cpp. */
export {initBackend, LocalBackend, type InitOptions} from './backend/local.js'
export {RemoteBackend, type PrivateOptions} from './backend/remote.js'
export * from './backend/backend.js'
export * from './backend/status.js'
export {errorCodes, NnError, type ErrorCode, type NnErrorOptions} from './backend/errors.js'
export {textTensor} from './backend/contexts/tensor.js'
export {readMetadata, readOutput} from './backend/read-output.js'
export type {Config, ConfigWarning, RuntimeOptions} from './backend/config/index.js'
