import * as assert from 'uvu/assert'
import {configFromObject} from '../../../../src/config/index.js'
import {loadModel} from '../../../../src/backend/engine/child/load.js'
import type {EngineInfo} from '../../../../src/backend/engine/protocol.js'
import {prepareModel} from '../../../../src/backend/models/prepare.js'
import {gpuAddon} from '../../support/gpu-addon.js'
import {ask, openBackend, qwen} from '../../../support/fixtures.js'
import {rejects} from '../../../support/rejects.js'
import {suite} from '../../../support/suite.js'

const test = suite('loading a model', {timeoutMs: 20_000})

const settings: object[] = [
  {use_mmap: false},
  {use_mlock: true},
  {numa: 'distribute'},
  {cache_type_k: 'q8_0', cache_type_v: 'q8_0'},
  {cache_type_k: 'f32', cache_type_v: 'f32', flash_attention: false},
  {flash_attention: true},
  {batch_size: 1, parallel: 3},
  {parallel: 1, ctx_size: 100},
]

for (const setting of settings) {
  test(`${JSON.stringify(setting)} answers`, async () => {
    const opened = await openBackend(setting)
    try {
      assert.is((await ask(opened, 'What is 4 + 5?')).text, '4 + 5 = 9.')
    } finally {
      await opened.backend.deinit()
    }
  })
}

test('the status has the batch size that auto has come to', async () => {
  const {backend} = await openBackend()
  try {
    const [graph] = (await backend.status('model')).graphs
    assert.equal([graph?.config.model.batch_size, graph?.batch_size], ['auto', 512])
  } finally {
    await backend.deinit()
  }
})

test('a model reports what it was given, and not the larger context that llama.cpp allocates', async () => {
  const {backend} = await openBackend({ctx_size: 300, batch_size: 64, threads: 1, parallel: 3})
  try {
    const [graph] = (await backend.status('model')).graphs
    const {ctx_size, batch_size, threads, parallel, layers, gpu_layers, train_ctx_size} = graph ?? {}
    assert.equal(
      {ctx_size, batch_size, threads, parallel, layers, gpu_layers, train_ctx_size},
      {ctx_size: 300, batch_size: 64, threads: 1, parallel: 3, layers: 5, gpu_layers: 0, train_ctx_size: 4096},
    )
    assert.is(graph?.config.model.ctx_size, 300)
  } finally {
    await backend.deinit()
  }
})

/** What is reported of a model on a machine with such a GPU, which is made up, and the batch of its context. */
async function loadedOn(gpu: 'cuda' | false, given: object): Promise<EngineInfo & {contextBatch: number | undefined}> {
  const {config} = configFromObject(given, {strict: true})
  const caches = {folder: '', durable: false, maxBytes: 0}
  const {engineOptions} = await prepareModel(qwen, config, {cores: 2, logLevel: 'error', othersBytes: 0, caches})
  const stub = gpuAddon(gpu)
  const log = {errors: () => Promise.resolve(''), find: () => undefined}
  const {info} = await loadModel(stub, engineOptions, log, () => undefined)
  return {...info, contextBatch: stub.contexts[0]?.batchSize}
}

for (const [gpu, layers, batch_size, expected] of [
  ['cuda', 'max', 'auto', 2048],
  ['cuda', 1, 'auto', 2048],
  ['cuda', 0, 'auto', 512],
  [false, 'max', 'auto', 512],
  ['cuda', 'max', 100, 100],
] as const) {
  test(`batch_size ${batch_size} is ${expected}: GPU ${gpu}, n_gpu_layers ${layers}`, async () => {
    const {batchSize, contextBatch} = await loadedOn(gpu, {n_gpu_layers: layers, batch_size, parallel: 1})
    assert.equal([batchSize, contextBatch], [expected, expected])
  })
}

test('a pair of cache types that no kernel of the GPU reads is warned about', async () => {
  const mixed = {cache_type_k: 'q8_0', cache_type_v: 'f16'}
  const {warnings} = await loadedOn('cuda', {n_gpu_layers: 'max', ...mixed})
  assert.match(warnings.join('\n'), /The GPU has no flash-attention kernel for cache_type_k q8_0 with cache_type_v f16/)
  assert.equal((await loadedOn('cuda', mixed)).warnings, [])
  assert.equal((await loadedOn('cuda', {n_gpu_layers: 'max'})).warnings, [])
})

test('a combination that llama.cpp refuses is a runtime_error with its reason', async () => {
  await rejects(
    openBackend({cache_type_v: 'q8_0', flash_attention: false}),
    'runtime_error',
    /context could not be created.*flash/i,
  )
})

test('more threads than cores are cut, and more GPU layers than there is GPU for are warned about', async () => {
  const {backend} = await openBackend({threads: 16, n_gpu_layers: 98}, {cores: 1})
  try {
    const [graph] = (await backend.status('model')).graphs
    assert.is(graph?.threads, 1)
    assert.match(graph?.warnings.join('\n') ?? '', /model\.threads is 16/)
    if (graph?.gpu === null) assert.match(graph.warnings.join('\n'), /no GPU: 0\/5 layers/)
    else assert.is(graph?.gpu_layers, graph?.layers)
  } finally {
    await backend.deinit()
  }
})

test('loading can be called off', async () => {
  const stop = new AbortController()
  const {backend} = await openBackend()
  try {
    const loading = backend.loadByName('fixtures/models/tiny-phi3-chat.gguf', {signal: stop.signal})
    stop.abort(new Error('changed my mind'))
    await loading.then(
      () => assert.unreachable(),
      (error: unknown) => assert.match(String(error), /changed my mind/),
    )
    assert.is((await backend.status('model')).graphs.length, 1)
  } finally {
    await backend.deinit()
  }
})
