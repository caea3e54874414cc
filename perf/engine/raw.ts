import {loadAddon} from '../../src/backend/engine/child/addon.js'
import {compete} from './compete.js'
import {batchSize, contextSize, type Competitor, type Job} from './job.js'

/** The addon's calls in lockstep, without text: the least that any loop in JavaScript has to do. */
async function load(job: Job): Promise<Competitor> {
  const {addon} = await loadAddon(false)
  addon.setLoggerLogLevel(0)
  const model = new addon.AddonModel(job.model, {addonExports: addon, gpuLayers: 0, useMmap: true, useMlock: false})
  await model.init()
  const context = new addon.AddonContext(model, {
    ...{contextSize: contextSize(job) * job.sequences, batchSize, sequences: job.sequences, threads: job.threads},
    ...{flashAttention: 'auto', swaFullCache: true, kvCacheKeyType: 1, kvCacheValueType: 1},
  })
  await context.init()
  const samplers = Array.from({length: job.sequences}, () => new addon.AddonSampler(model))
  for (const sampler of samplers) sampler.applyConfig({temperature: 0})

  const generate = async (prompts: readonly string[]): Promise<number> => {
    const rows = samplers.map((sampler, id) => {
      context.disposeSequence(id)
      return {id, sampler, position: 0, next: model.tokenize(prompts[id] ?? '', false), generated: 0}
    })
    while (rows.some(({generated}) => generated < job.generateTokens)) {
      let room = batchSize
      const parts = rows.flatMap((row) => {
        const tokens = row.generated < job.generateTokens ? row.next.subarray(0, room) : new Uint32Array()
        room -= tokens.length
        return tokens.length === 0 ? [] : [{row, tokens, whole: tokens.length === row.next.length}]
      })
      context.initBatch(batchSize - room)
      const placed = parts.map(({row, tokens, whole}) => {
        const wanted = whole ? Uint32Array.of(tokens.length - 1) : new Uint32Array()
        return context.addToBatch(row.id, row.position, tokens, wanted)[0] ?? -1
      })
      await context.decodeBatch()
      const take = async ({row, tokens, whole}: (typeof parts)[number], logitIndex: number): Promise<void> => {
        row.position += tokens.length
        row.next = row.next.subarray(tokens.length)
        if (!whole) return
        row.next = Uint32Array.of(await context.sampleToken(logitIndex, row.sampler))
        row.generated++
      }
      await Promise.all(parts.map((part, index) => take(part, placed[index] ?? -1)))
    }
    return rows.reduce((sum, {generated}) => sum + generated, 0)
  }
  return {pid: process.pid, generate}
}

compete(load)
