import {loadAddon} from '../../src/backend/engine/child/addon.js'
import type {SamplerConfig} from '../../src/backend/engine/child/addon-types.js'

export interface SamplerCase {
  config: SamplerConfig
  /** The number of most likely tokens to return, with the sum over all tokens: log-probabilities need both. */
  top?: number
}

/** What one process measures. Its environment sets the size of libuv's pool. */
export interface StepsJob {
  model: string
  streams: number
  threads: number
  steps: number
  samplers: Record<string, SamplerCase>
}

/** Medians over all steps, in milliseconds per step. */
export interface StepTimes {
  sampler: string
  decodeWallMs: number
  decodeCpuMs: number
  sampleWallMs: number
  sampleCpuMs: number
}

const contextSize = 256
const unmeasuredSteps = 2

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

/** Each step decodes one token of each stream and samples them all at once, as the engine does. */
async function measure({model: file, streams, threads, steps, samplers}: StepsJob): Promise<StepTimes[]> {
  const {addon} = await loadAddon(false)
  addon.setLoggerLogLevel(0)
  const model = new addon.AddonModel(file, {addonExports: addon, gpuLayers: 0, useMmap: true, useMlock: false})
  await model.init()
  const context = new addon.AddonContext(model, {
    ...{contextSize: contextSize * streams, batchSize: 64, sequences: streams, threads},
    ...{flashAttention: 'auto', swaFullCache: true, kvCacheKeyType: 1, kvCacheValueType: 1},
  })
  await context.init()
  const times: StepTimes[] = []
  for (const [name, {config, top}] of Object.entries(samplers)) {
    const rows = Array.from({length: streams}, (_, id) => {
      context.disposeSequence(id)
      const sampler = new addon.AddonSampler(model)
      sampler.applyConfig(config)
      return {id, sampler, token: id}
    })
    const values: Record<Exclude<keyof StepTimes, 'sampler'>, number[]> = {
      decodeWallMs: [],
      decodeCpuMs: [],
      sampleWallMs: [],
      sampleCpuMs: [],
    }
    for (let step = 0; step < steps + unmeasuredSteps; step++) {
      const from = {wall: performance.now(), cpu: process.cpuUsage()}
      context.initBatch(streams)
      const logits = rows.map(({id, token}) => context.addToBatch(id, step, Uint32Array.of(token), Uint32Array.of(0)))
      await context.decodeBatch()
      const decoded = {wall: performance.now(), cpu: process.cpuUsage()}
      await Promise.all(
        rows.map(async (row, index) => {
          const at = logits[index]?.[0] ?? -1
          if (top === undefined) row.token = await context.sampleToken(at, row.sampler)
          else
            [row.token] = await context.sampleToken(at, row.sampler, false, false, [[], false, false, false, top], true)
        }),
      )
      const sampled = {wall: performance.now(), cpu: process.cpuUsage()}
      if (step < unmeasuredSteps) continue
      values.decodeWallMs.push(decoded.wall - from.wall)
      values.decodeCpuMs.push(cpuMs(from.cpu, decoded.cpu))
      values.sampleWallMs.push(sampled.wall - decoded.wall)
      values.sampleCpuMs.push(cpuMs(decoded.cpu, sampled.cpu))
    }
    for (const {sampler} of rows) sampler.dispose()
    times.push({
      sampler: name,
      decodeWallMs: median(values.decodeWallMs),
      decodeCpuMs: median(values.decodeCpuMs),
      sampleWallMs: median(values.sampleWallMs),
      sampleCpuMs: median(values.sampleCpuMs),
    })
  }
  return times
}

function cpuMs(from: NodeJS.CpuUsage, to: NodeJS.CpuUsage): number {
  return (to.user - from.user + to.system - from.system) / 1000
}

process.once('message', (job: StepsJob) => {
  void measure(job).then((times) => process.send?.(times, () => process.exit(0)))
})
