import * as assert from 'uvu/assert'
import {defaultConfig} from '../../../src/config/index.js'
import {
  automaticSlots,
  availableMemory,
  findMisfit,
  estimateMemory,
  residentEstimate,
  totalBytes,
} from '../../../src/backend/gguf/memory-estimate.js'
import {ggmlType} from '../../../src/backend/gguf/tensor-types.js'
import {readGgufHeader} from '../../../src/backend/gguf/header.js'
import {openBackend, qwen} from '../../support/fixtures.js'
import {rejects} from '../../support/rejects.js'
import {suite} from '../../support/suite.js'

const test = suite('memory estimate')
const {model} = defaultConfig(2)
const mib = 1024 ** 2
const none = {weights: 0, mapped: 0, cachePerSlot: 0, logitsPerSlot: 0, compute: 0, process: 0}

test('the KV cache is layers x heads x width x precision x tokens', async () => {
  const {cachePerSlot} = estimateMemory(await readGgufHeader(qwen), model)
  // 4 layers, 2 KV heads of 32, keys and values of 2 bytes, 2048 tokens.
  assert.is(cachePerSlot, 4 * 2 * 32 * (2 + 2) * 2048)
})

test('an automatic batch counts as the larger one where layers may come onto a GPU', async () => {
  const header = await readGgufHeader(qwen)
  const compute = (changes: object): number => estimateMemory(header, {...model, ...changes}).compute
  assert.is(compute({}), compute({batch_size: 512}))
  for (const n_gpu_layers of [1, 'auto', 'max']) assert.is(compute({n_gpu_layers}), compute({batch_size: 2048}))
  assert.is(compute({n_gpu_layers: 'max', batch_size: 64}), compute({batch_size: 64}))
})

test('a quantized cache takes less, a context is padded to 256 tokens', async () => {
  const header = await readGgufHeader(qwen)
  const quantized = estimateMemory(header, {...model, cache_type_k: 'q8_0', cache_type_v: 'q8_0'})
  assert.is(quantized.cachePerSlot, (4 * 2 * 32 * 2 * 2048 * 34) / 32)
  assert.is(estimateMemory(header, {...model, ctx_size: 100}).cachePerSlot, 4 * 2 * 32 * 4 * 256)
})

test('what the engine really takes is within the estimate, and more than half of it', async () => {
  const opened = await openBackend({parallel: 4})
  try {
    const [graph] = (await opened.backend.status('memory')).graphs
    const estimate = totalBytes(estimateMemory(await readGgufHeader(qwen), model), 4)
    const resident = graph?.engine_rss_bytes ?? 0
    assert.ok(
      resident < estimate * 1.25 && resident > estimate / 2,
      `${resident / mib} MiB, estimated ${estimate / mib}`,
    )
  } finally {
    await opened.backend.deinit()
  }
})

/** A header with these tensors, of a small qwen2. */
async function headerWith(...tensors: {name: string; dimensions: number[]; type: string}[]) {
  const typed = tensors.map((tensor) => ({...tensor, offset: 0, type: ggmlType(tensor.type)?.number ?? -1}))
  return {...(await readGgufHeader(qwen)), tensors: typed}
}

test('matrices that llama.cpp repacks are resident twice when the file is mapped', async () => {
  const header = await headerWith(
    {name: 'blk.0.ffn_up.weight', dimensions: [256, 64], type: 'q4_0'},
    // Looked up and not multiplied; no multiple of eight rows; of a type that stays as it is.
    {name: 'token_embd.weight', dimensions: [256, 64], type: 'q4_0'},
    {name: 'blk.0.ffn_gate.weight', dimensions: [256, 60], type: 'q4_0'},
    {name: 'blk.0.ffn_down.weight', dimensions: [256, 64], type: 'f16'},
  )
  const estimate = estimateMemory(header, model, 'x64')
  assert.is(estimate.mapped, (256 * 64 * 18) / 32)
  assert.is(residentEstimate(estimate, 2) - totalBytes(estimate, 2), estimate.mapped)
  assert.is(estimateMemory(header, {...model, use_mmap: false}, 'x64').mapped, 0)
  assert.is(estimateMemory(header, model, 'riscv64').mapped, 0)
})

test('on ARM q8_0 is repacked too', async () => {
  const header = await headerWith({name: 'output.weight', dimensions: [256, 64], type: 'q8_0'})
  assert.is(estimateMemory(header, model, 'x64').mapped, 0)
  assert.is(estimateMemory(header, model, 'arm64').mapped, (256 * 64 * 34) / 32)
})

test('the vocabulary, the logits of each slot and scores without flash attention count', async () => {
  const header = await readGgufHeader(qwen)
  const estimate = estimateMemory(header, model)
  const large = estimateMemory({...header, vocabularySize: header.vocabularySize + 1000}, model)
  assert.is(large.process - estimate.process, 300_000)
  assert.is(large.logitsPerSlot - estimate.logitsPerSlot, 16_000)
  assert.is(totalBytes(estimate, 3) - totalBytes(estimate, 2), estimate.cachePerSlot + estimate.logitsPerSlot)
  const scores = estimateMemory(header, {...model, flash_attention: false}).compute - estimate.compute
  // 4 heads x 2048 tokens x 512 of a batch, in f32.
  assert.is(scores, 4 * 2048 * 512 * 4)
})

test('automatic slots: one per context, at most eight, fewer where memory is short', () => {
  const estimate = {...none, weights: 100 * mib, cachePerSlot: 10 * mib}
  assert.is(automaticSlots(estimate, 4, 10_000 * mib), 4)
  assert.is(automaticSlots(estimate, 100, 10_000 * mib), 8)
  assert.is(automaticSlots(estimate, 100, 160 * mib), 3)
  assert.is(automaticSlots(estimate, 100, 50 * mib), 1)
})

test('too large says what is needed, what for and what is free', () => {
  const estimate = {...none, weights: 100 * mib, cachePerSlot: 10 * mib, compute: 5 * mib}
  const misfit = findMisfit('m.gguf', estimate, 2, 90 * mib, 2048)
  assert.is(misfit?.code, 'too_large')
  assert.match(
    misfit?.message ?? '',
    /125 MiB.*weights 100 MiB.*KV cache 20 MiB for 2 x 2048 tokens.*90 MiB are available/,
  )
  assert.is(findMisfit('m.gguf', estimate, 2, 130 * mib, 2048), undefined)
})

test('max_memory_mb limits what is available', async () => {
  assert.is(await availableMemory(7), 7 * mib)
})

test('a context that does not fit is too_large before anything is allocated', async () => {
  const before = process.memoryUsage.rss()
  await rejects(openBackend({ctx_size: 1_048_576, parallel: 256}), 'too_large', /KV cache/)
  assert.ok(process.memoryUsage.rss() - before < 64 * mib)
})

test('max_memory_mb refuses a model that needs more', () =>
  rejects(openBackend({memory: {max_memory_mb: 50}}), 'too_large'))

test(
  'also when layers were meant for a GPU that is not there',
  async (t) => {
    const opened = await openBackend({n_gpu_layers: 1})
    const {gpu} = (await opened.backend.status('model')).graphs[0] ?? {}
    await opened.backend.deinit()
    if (gpu !== null) t.skip('this machine has a GPU')
    await rejects(openBackend({n_gpu_layers: 1, memory: {max_memory_mb: 50}}), 'too_large')
  },
  {timeoutMs: 20_000},
)
