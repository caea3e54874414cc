import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import * as assert from 'uvu/assert'
import {loadAddon} from '../../../../src/backend/engine/child/addon.js'
import {compileTemplate, renderChat} from '../../../../src/backend/engine/child/prompt/chat-template.js'
import {EngineModel} from '../../../../src/backend/engine/child/model.js'
import type {Addon, AddonContext, AddonModel} from '../../../../src/backend/engine/child/addon-types.js'
import {readGgufHeader} from '../../../../src/backend/gguf/header.js'
import {phi3, qwen} from '../../../support/fixtures.js'
import {suite} from '../../../support/suite.js'

// The engine uses calls of node-llama-cpp's binding that are not its public interface. When an update takes one away
// or changes what it gives, this file is to fail first.
const test = suite('addon guard', {timeoutMs: 20_000})

let addon: Addon
let model: AddonModel
let context: AddonContext
let logitIndex = -1

test.before(async () => {
  ;({addon} = await loadAddon(false))
  addon.setLogger(() => undefined)
  model = new addon.AddonModel(qwen, {addonExports: addon, gpuLayers: 0, useMmap: true, useMlock: false})
  assert.is(await model.init(), true)
  context = new addon.AddonContext(model, {
    ...{contextSize: 512, batchSize: 64, sequences: 2, flashAttention: 'auto', swaFullCache: true, threads: 1},
    ...{kvCacheKeyType: 1, kvCacheValueType: 1},
  })
  assert.is(await context.init(), true)
})
test.after(async () => {
  await context.dispose()
  await model.dispose()
})

test('the pinned version is the one these calls were read in', () => {
  const text = readFileSync(
    fileURLToPath(import.meta.resolve('node-llama-cpp')).replace(/dist.*/, 'package.json'),
    'utf8',
  )
  assert.is((JSON.parse(text) as {version: string}).version, '3.22.1')
})

test('the build and its commit are known', async () => {
  const {build, commit} = await loadAddon(false)
  assert.match(build, /^v\d+\.\d+\.\d+$/)
  // It stands in the header of the sources inside the package: `<sha> HEAD`.
  const library = path.dirname(fileURLToPath(import.meta.resolve('node-llama-cpp')))
  const sources = readFileSync(path.join(library, '../llama/gitRelease.bundle')).toString('latin1', 0, 256)
  assert.is(commit, /^([0-9a-f]{40}) HEAD$/m.exec(sources)?.[1])
})

test('a batch gives the places of its logits, and sampling a token', async () => {
  const tokens = model.tokenize('Hello', false)
  context.initBatch(tokens.length * 2)
  const first = context.addToBatch(0, 0, tokens, Uint32Array.of(tokens.length - 1))
  const second = context.addToBatch(1, 0, tokens, Uint32Array.of(tokens.length - 1))
  assert.equal([[...first], [...second]], [[tokens.length - 1], [2 * tokens.length - 1]])
  await context.decodeBatch()
  const sampler = new addon.AddonSampler(model)
  sampler.applyConfig({temperature: 0})
  const token = await context.sampleToken(first[0] ?? -1, sampler)
  assert.is(token, await context.sampleToken(second[0] ?? -1, sampler))
  logitIndex = first[0] ?? -1
  sampler.dispose()
})

test('a bias makes tokens impossible until it is changed', async () => {
  const sampler = new addon.AddonSampler(model)
  const all = Array.from({length: 800}, (_, token) => token)
  for (const wanted of [5, 700]) {
    const tokenBiasKeys = Uint32Array.from(all.filter((token) => token !== wanted))
    const tokenBiasValues = new Float32Array(799).fill(-Infinity)
    sampler.applyConfig({temperature: 1, seed: 1, tokenBiasKeys, tokenBiasValues})
    assert.is(await context.sampleToken(logitIndex, sampler), wanted)
  }
  sampler.dispose()
})

test('candidates come sorted, with the weight of the whole vocabulary', async () => {
  const sampler = new addon.AddonSampler(model)
  sampler.applyConfig({temperature: 1, seed: 0})
  const top: [number[], false, false, false, number] = [[], false, false, false, 1000]
  const [, , , logits = [], weight = 0] = await context.sampleToken(logitIndex, sampler, false, false, top, true)
  sampler.dispose()
  const values = logits.filter((_, index) => index % 2 === 1)
  assert.is(values.length, 800)
  assert.equal(
    values,
    [...values].sort((a, b) => b - a),
  )
  const summed = values.reduce((sum, value) => sum + Math.exp(value - (values[0] ?? 0)), 0)
  assert.ok(Math.abs(summed - weight) < 1e-2, `${summed} and ${weight}`)
})

test("a context made for it gives the last token's output, whatever number of tokens is named", async () => {
  const embedding = new addon.AddonContext(model, {
    ...{contextSize: 256, batchSize: 64, sequences: 1, flashAttention: 'auto', threads: 1},
    ...{kvCacheKeyType: 1, kvCacheValueType: 1, swaFullCache: true, embeddings: true},
  })
  await embedding.init()
  const tokens = model.tokenize('Hello', false)
  embedding.initBatch(tokens.length)
  embedding.addToBatch(0, 0, tokens, Uint32Array.from(tokens.keys()))
  await embedding.decodeBatch()
  assert.ok(embedding.getEmbedding(tokens.length).length > 0)
  assert.equal(embedding.getEmbedding(1), embedding.getEmbedding(tokens.length))
  assert.type(model.shouldAppendEosToken(), 'boolean')
  await embedding.dispose()
})

test('tokens have the text, kind and attributes that bytes are read from', () => {
  const half = [...model.tokenize('é', false)][0] ?? -1
  assert.equal([model.getVocabularyType(), typeof model.getTokenString(half)], [2, 'string'])
  assert.ok(model.getTokenAttributes(half) > 0)
})

test('cells can be removed and moved', () => {
  assert.is(context.getSequenceKvCacheMinPosition(0), 0)
  assert.is(context.removeTokenCellsFromSequence(0, 1, -1), true)
  context.shiftSequenceTokenCells(1, 1, -1, 0)
  context.disposeSequence(1)
})

/** The model's template rendered with the messages in place, tokenized in one go: what llama.cpp's own tools do. */
async function wholePrompt(file: string, messages: {role: string; content: string}[]): Promise<[number[], number[]]> {
  const native = new addon.AddonModel(file, {addonExports: addon, gpuLayers: 0, useMmap: true, useMlock: false})
  await native.init()
  try {
    const {chatTemplate = '', vocabularySize} = await readGgufHeader(file)
    const bos = native.detokenize(Uint32Array.of(native.tokenBos()), true)
    const rendered = new addon.AddonJinjaRenderer(chatTemplate).render({
      ...{messages, add_generation_prompt: true, bos_token: bos, eos_token: ''},
    })
    const model: EngineModel = new EngineModel(native, vocabularySize, (given, variables) => {
      const render = compileTemplate(addon.AddonJinjaRenderer, chatTemplate)
      return Promise.resolve(renderChat(render, given, {...model.edges, variables}, model.specials))
    })
    const ours = await model.tokenizePrompt({mode: 'chat', messages: messages as never})
    return [[...ours.tokens], [...native.tokenize(rendered, true)]]
  } finally {
    await native.dispose()
  }
}

for (const file of [qwen, phi3]) {
  test(`${path.basename(file)}: a prompt taken apart has the tokens of the whole`, async () => {
    const [ours, whole] = await wholePrompt(file, [
      {role: 'system', content: 'You are Ada, a helpful assistant.'},
      {role: 'user', content: 'My name is Alice.'},
      {role: 'assistant', content: 'Nice to meet you, Alice!'},
      {role: 'user', content: 'What is my name?'},
    ])
    assert.equal(ours, whole)
  })
}

test('only the engine process imports node-llama-cpp', () => {
  const source = fileURLToPath(new URL('../../../../src', import.meta.url))
  const importing = readdirSync(source, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts'))
    .filter((name) =>
      /(from|import\(|resolve\()\s*[`']@?node-llama-cpp/.test(readFileSync(path.join(source, name), 'utf8')),
    )
  assert.equal(importing, ['backend/engine/child/addon.ts'])
})
