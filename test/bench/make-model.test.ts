import {createHash} from 'node:crypto'
import {readFile, stat} from 'node:fs/promises'
import path from 'node:path'
import * as assert from 'uvu/assert'
import {parameters, shapes} from '../../perf/model/shapes.js'
import {makeTokenizer} from '../../perf/model/tokenizer.js'
import {modelBytes, writeModel} from '../../perf/model/write-model.js'
import {readGgufHeader} from '../../src/backend/gguf/header.js'
import {temporaryFolder} from '../support/crafted-gguf.js'
import {askAfresh, openBackend} from '../support/fixtures.js'
import {suite, type TestContext} from '../support/suite.js'

const test = suite('models with random weights', {timeoutMs: 30_000})

async function tinyModel(t: TestContext, seed?: number): Promise<string> {
  const {folder, remove} = await temporaryFolder()
  t.after(remove)
  const file = path.join(folder, 'tiny.gguf')
  await writeModel('tiny', file, seed)
  return file
}

const digest = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

test('the header passes the checks and has the shape', async (t) => {
  const header = await readGgufHeader(await tinyModel(t))
  assert.is(header.architecture, 'qwen2')
  assert.is(header.layers, shapes.tiny.layers)
  assert.is(header.vocabularySize, shapes.tiny.vocabulary)
  assert.match(header.chatTemplate ?? '', /im_start/)
})

test('a model loads and generates', async (t) => {
  const opened = await openBackend({threads: 1, ignore_eos: true, max_tokens: 8}, {model: await tinyModel(t)})
  t.after(() => opened.backend.deinit())
  const {text, metadata} = await askAfresh(opened, 'Hello')
  assert.is(metadata.output_tokens, 8)
  assert.is.not(text, '')
})

test('the same seed gives the same file, another seed another one', async (t) => {
  const [first, second, other] = [await tinyModel(t, 7), await tinyModel(t, 7), await tinyModel(t, 8)]
  assert.is(await digest(first), await digest(second))
  assert.is.not(await digest(first), await digest(other))
})

test('the size is known without writing', async (t) => {
  assert.is((await stat(await tinyModel(t))).size, modelBytes('tiny'))
})

// As their makers publish them; Phi-3-mini with the biases that qwen2 has and it has not.
for (const [name, count, bytes] of [
  ['qwen2.5-0.5b', 494_032_768, (494e6 * 34) / 32],
  ['phi-3-mini', 3_821_079_552 + 32 * 3 * 3072, (3821e6 * 18) / 32],
  ['qwen2.5-14b', 14_770_033_664, (14_770e6 * 18) / 32],
  ['bench', 114_000_000, 122e6],
] as const) {
  test(`${name} has the parameters and the bytes of the original`, () => {
    assert.ok(Math.abs(parameters(shapes[name]) / count - 1) < (name === 'bench' ? 0.01 : 1e-9))
    assert.ok(Math.abs(modelBytes(name) / bytes - 1) < 0.01, `${modelBytes(name)} bytes`)
  })
}

test('a vocabulary has exactly the tokens asked for, each of them once', () => {
  for (const size of [259, 1000, 151_936]) {
    const {tokens, merges} = makeTokenizer(size)
    assert.is(tokens.length, size)
    assert.is(new Set(tokens).size, size)
    assert.is(merges.length, size - 259)
  }
  assert.throws(() => makeTokenizer(258), /259/)
})
