/** The part of node-llama-cpp's native binding that the engine uses, as of version 3.22.1. */
export interface Addon {
  AddonModel: new (path: string, options: ModelOptions) => AddonModel
  AddonContext: new (model: AddonModel, options: ContextOptions) => AddonContext
  AddonSampler: new (model: AddonModel) => AddonSampler
  AddonJinjaRenderer: new (template: string) => {render: (items: Record<string, unknown>) => string}
  markLoaded: () => boolean
  loadBackends: (folder?: string) => void
  init: () => Promise<void>
  dispose: () => Promise<void>
  setLogger: (logger: (level: number, message: string) => void) => void
  setLoggerLogLevel: (level: number) => void
  setNuma: (numa: string | false) => void
  getGpuType: () => string | false | undefined
  getSupportsMlock: () => boolean
  getGpuDeviceInfo: () => {deviceNames: string[]}
  getGpuVramInfo: () => {total: number; used: number; unifiedSize: number}
}

export interface ModelOptions {
  addonExports: Addon
  gpuLayers: number
  useMmap: boolean
  useMlock: boolean
  onLoadProgress?: (fraction: number) => void
}

export interface ContextOptions {
  /** Tokens of all sequences together. */
  contextSize: number
  batchSize: number
  sequences: number
  flashAttention: boolean | 'auto'
  /** Keeps cells outside a layer's sliding window: a sequence whose end is removed needs them again. */
  swaFullCache: boolean
  threads: number
  kvCacheKeyType: number
  kvCacheValueType: number
  /** Keeps the last layer's output of each token, for `getEmbedding`. */
  embeddings?: boolean
}

export interface AddonModel {
  init: () => Promise<boolean>
  dispose: () => Promise<void>
  tokenize: (text: string, specialTokens: boolean) => Uint32Array
  detokenize: (tokens: Uint32Array, specialTokens?: boolean) => string
  getTrainContextSize: () => number
  getTotalSize: () => number
  getTotalParameters: () => number
  getModelDescription: () => string
  getMemoryBreakdown: () => {cpuRam: number; gpuVram: number}
  /** As the vocabulary writes it. */
  getTokenString: (token: number) => string | undefined
  /** Bits of llama.cpp's enumeration of attributes. */
  getTokenAttributes: (token: number) => number
  /** By llama.cpp's enumeration of kinds. */
  getVocabularyType: () => number
  tokenBos: () => number
  tokenEos: () => number
  isEogToken: (token: number) => boolean
  shouldPrependBosToken: () => boolean
  shouldAppendEosToken: () => boolean
}

export interface AddonContext {
  init: () => Promise<boolean>
  dispose: () => Promise<void>
  getContextSize: () => number
  getThreads: () => number
  getMemoryBreakdown: () => {cpuRam: number; gpuVram: number}
  initBatch: (tokens: number) => void
  addToBatch: (sequence: number, firstPosition: number, tokens: Uint32Array, logitsAt: Uint32Array) => Uint32Array
  decodeBatch: () => Promise<void>
  sampleToken: SampleToken
  /** The pooled output of sequence 0, or without pooling that of the last token decoded. @param tokens only checked to be > 0 */
  getEmbedding: (tokens: number) => Float64Array
  disposeSequence: (sequence: number) => void
  removeTokenCellsFromSequence: (sequence: number, start: number, end: number) => boolean
  /** The first position that every layer has; -1 for an empty sequence. */
  getSequenceKvCacheMinPosition: (sequence: number) => number
  /** Copies at the next decode, with the contents that the cells have then. Returns the last position. */
  copySequenceStateFromOtherSequence: (target: number, source: number) => Promise<number>
  /** Returns the size of the file in bytes. */
  saveSequenceStateToFile: (path: string, sequence: number, tokens: Uint32Array) => Promise<number>
  /** Replaces the contents of the sequence. @param most maximum number of tokens in the file */
  loadSequenceStateFromFile: (path: string, sequence: number, most: number) => Promise<Uint32Array>
  shiftSequenceTokenCells: (sequence: number, start: number, end: number, delta: number) => void
}

interface SampleToken {
  (logitIndex: number, sampler: AddonSampler): Promise<number>
  (
    logitIndex: number,
    sampler: AddonSampler,
    probabilities: false,
    confidence: false,
    logits: [tokens: number[], highest: false, lowest: false, selected: false, top: number],
    totalWeight: boolean,
  ): Promise<[token: number, undefined, undefined, logits: number[] | undefined, totalWeight: number | undefined]>
}

export interface AddonSampler {
  applyConfig: (config: SamplerConfig) => void
  dispose: () => void
}

/** Absent keys switch a sampler off; `temperature` 0 is greedy. */
export interface SamplerConfig {
  temperature?: number
  minP?: number
  topK?: number
  topP?: number
  seed?: number
  repeatPenalty?: number
  repeatPenaltyMaxTokens?: number
  repeatPenaltyTokens?: Uint32Array
  repeatPenaltyPresencePenalty?: number
  repeatPenaltyFrequencyPenalty?: number
  tokenBiasKeys?: Uint32Array
  tokenBiasValues?: Float32Array
}
