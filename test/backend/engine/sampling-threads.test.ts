import {existsSync} from 'node:fs'
import {readdir} from 'node:fs/promises'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {writeModel} from '../../../perf/model/write-model.js'
import {loadAddon} from '../../../src/backend/engine/child/addon.js'
import {libuvPoolSize, planSamplingThreads} from '../../../src/backend/engine/sampling-threads.js'
import {temporaryFolder} from '../../support/crafted-gguf.js'
import {askAfresh, openBackend, type Opened} from '../../support/fixtures.js'
import {suite, type TestContext} from '../../support/suite.js'

const test = suite('sampling threads', {timeoutMs: 30_000})

const usual = {slots: 64, vocabularySize: 151_936, threads: 1, cores: 16}
const cases: [string, Partial<typeof usual>, number][] = [
  ['many slots, a large vocabulary and spare cores', {}, 4],
  ['the fewest slots', {slots: 8}, 4],
  ['few slots', {slots: 7}, 1],
  ['one slot', {slots: 1}, 1],
  ['the smallest large vocabulary', {vocabularySize: 100_000}, 4],
  ['a small vocabulary', {vocabularySize: 32_000}, 1],
  ['one spare core', {threads: 1, cores: 2}, 2],
  ['two spare cores', {threads: 6, cores: 8}, 3],
  ['no spare core', {threads: 8, cores: 8}, 1],
  ['more threads than cores', {threads: 8, cores: 2}, 1],
]

for (const [name, surroundings, threads] of cases) {
  test(`${name}: ${threads}`, () => {
    assert.is(planSamplingThreads({...usual, ...surroundings}), threads)
  })
}

test('UV_THREADPOOL_SIZE is read as libuv reads it', () => {
  const sizes = [undefined, '', '0', 'many', '1', '3', '3x', '5000', '-1'].map(libuvPoolSize)
  assert.equal(sizes, [4, 1, 1, 1, 1, 3, 3, 1024, 1024])
})

async function samplingThreads({backend}: Opened): Promise<number | undefined> {
  return (await backend.status('model')).graphs[0]?.sampling_threads
}

async function processThreads({backend}: Opened): Promise<number> {
  const pid = (await backend.status('memory')).graphs[0]?.engine_pid
  return (await readdir(`/proc/${pid}/task`)).length
}

async function wideModel(t: TestContext): Promise<string> {
  const {folder, remove} = await temporaryFolder()
  t.after(remove)
  const model = path.join(folder, 'wide.gguf')
  await writeModel('wide-vocabulary', model)
  return model
}

test('an engine with many slots and a large vocabulary samples on spare cores', async (t) => {
  const model = await wideModel(t)
  const open = async (cores: number): Promise<Opened> => {
    const opened = await openBackend({threads: 1, parallel: 8, ctx_size: 256}, {model, cores})
    t.after(() => opened.backend.deinit())
    return opened
  }
  const one = await open(1)
  const four = await open(4)
  assert.equal([await samplingThreads(one), await samplingThreads(four)], [1, 4])
  if (existsSync('/proc/self/task')) assert.is((await processThreads(four)) - (await processThreads(one)), 3)
  const options = {temp: 0.8, ignore_eos: true, max_tokens: 4}
  const answers = await Promise.all(['1', '2', '3', '4'].map((prompt) => askAfresh(four, prompt, options)))
  assert.equal(
    answers.map(({metadata}) => metadata.output_tokens),
    [4, 4, 4, 4],
  )
})

test('answers that are sampled at once get the tokens that they get one after the other', async (t) => {
  const {addon} = await loadAddon(false)
  const model = new addon.AddonModel(await wideModel(t), {
    ...{addonExports: addon, gpuLayers: 0, useMmap: true, useMlock: false},
  })
  await model.init()
  t.after(() => model.dispose())
  const sequences = Array.from({length: 16}, (_, sequence) => sequence)
  const context = new addon.AddonContext(model, {
    ...{contextSize: 256 * sequences.length, batchSize: 64, sequences: sequences.length, threads: 1},
    ...{flashAttention: 'auto', swaFullCache: true, kvCacheKeyType: 1, kvCacheValueType: 1},
  })
  await context.init()
  t.after(() => context.dispose())
  context.initBatch(sequences.length)
  const logits = sequences.map((id) => context.addToBatch(id, 0, Uint32Array.of(id), Uint32Array.of(0))[0] ?? -1)
  await context.decodeBatch()
  const sample = async (sequence: number): Promise<number> => {
    const sampler = new addon.AddonSampler(model)
    sampler.applyConfig({temperature: 0.8, seed: sequence, topP: 0.95})
    const token = await context.sampleToken(logits[sequence] ?? -1, sampler)
    sampler.dispose()
    return token
  }
  const atOnce = await Promise.all(sequences.map(sample))
  const inTurn: number[] = []
  for (const sequence of sequences) inTurn.push(await sample(sequence))
  assert.equal(atOnce, inTurn)
  assert.ok(new Set(inTurn).size > 1)
})

test('UV_THREADPOOL_SIZE of the environment wins', async (t) => {
  const before = process.env['UV_THREADPOOL_SIZE']
  process.env['UV_THREADPOOL_SIZE'] = '3'
  t.after(() => {
    if (before === undefined) delete process.env['UV_THREADPOOL_SIZE']
    else process.env['UV_THREADPOOL_SIZE'] = before
  })
  const opened = await openBackend({threads: 1})
  t.after(() => opened.backend.deinit())
  assert.is(await samplingThreads(opened), 3)
})
