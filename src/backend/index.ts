/**
 * The backend's face: what other folders of `src/` use. The contract's files are imported by themselves, because they load
 * nothing; nothing else below this folder may be (`npm run layers` checks it).
 */
export {initCore, LocalCore} from './host/core.js'
export {initBackend, LocalBackend} from './host/local.js'
export type {InitOptions} from './host/init-options.js'
export {countedLayers} from './gguf/counted-layers.js'
export {readGgufHeader} from './gguf/header.js'
export {automaticSlots, availableMemory, estimateMemory, totalBytes} from './gguf/memory-estimate.js'
export {normalizeSchema} from './engine/child/sampling/json-schema.js'
