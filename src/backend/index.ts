/**
 * The backend's public interface for other folders of `src/`. Files of the contract are imported directly, because they
 * load nothing; no other file below this folder may be (`npm run layers` checks that).
 */
export {initCore, LocalCore} from './host/core.js'
export {initBackend, LocalBackend} from './host/local.js'
export type {InitOptions} from './host/init-options.js'
export {countedLayers} from './gguf/counted-layers.js'
export {readGgufHeader} from './gguf/header.js'
export {automaticSlots, availableMemory, estimateMemory, totalBytes} from './gguf/memory-estimate.js'
export {normalizeSchema} from './engine/child/sampling/json-schema.js'
