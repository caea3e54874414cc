import type {Addon, ContextOptions} from '../../../src/backend/engine/child/addon-types.js'
import type {LoadedAddon} from '../../../src/backend/engine/child/addon.js'

/** A binding that says it has a CUDA GPU, loads nothing, and notes the contexts that were made. */
export function gpuAddon(gpu: 'cuda' | false = 'cuda'): LoadedAddon & {contexts: ContextOptions[]} {
  const contexts: ContextOptions[] = []
  const memory = {cpuRam: 1, gpuVram: 1}
  class AddonModel {
    init = () => Promise.resolve(true)
    getMemoryBreakdown = () => memory
    getModelDescription = () => 'stub'
    getTotalParameters = () => 1
    getTotalSize = () => 1
    getTrainContextSize = () => 1
  }
  class AddonContext {
    constructor(_model: unknown, options: ContextOptions) {
      contexts.push(options)
    }

    init = () => Promise.resolve(true)
    getMemoryBreakdown = () => memory
    getContextSize = () => 2048
    getThreads = () => 1
  }
  const addon = {
    ...{AddonModel, AddonContext},
    getGpuType: () => gpu,
    getGpuDeviceInfo: () => ({deviceNames: ['stub']}),
    getGpuVramInfo: () => ({total: 1e12, used: 0, unifiedSize: 0}),
    getSupportsMlock: () => true,
    setNuma: () => undefined,
  }
  return {addon: addon as unknown as Addon, build: 'v', commit: 'c', warnings: [], contexts}
}
