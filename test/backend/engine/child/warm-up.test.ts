import {readFile} from 'node:fs/promises'
import * as assert from 'uvu/assert'
import {explainModels} from '../../../../src/cli/status/why-models.js'
import {temporaryFolder} from '../../../support/crafted-gguf.js'
import {openBackend, phi3, qwen, qwenQ8} from '../../../support/fixtures.js'
import {readGguf, writeGguf} from '../../../support/gguf-file.js'
import {suite, type TestContext} from '../../../support/suite.js'

const test = suite('weights that are no numbers', {timeoutMs: 20_000})

async function warningsOf(t: TestContext, model: string, tensor?: string, pattern = ''): Promise<string[]> {
  const files = await temporaryFolder()
  t.after(() => files.remove())
  const file = readGguf(await readFile(model))
  for (const each of file.tensors) {
    if (each.name === tensor) each.data = Buffer.alloc(each.data.length, Buffer.from(pattern, 'hex'))
  }
  const {backend} = await openBackend({}, {model: await files.file('model.gguf', writeGguf(file))})
  t.after(() => backend.deinit())
  const [graph] = await backend.core.graphs()
  const status = {model: await backend.status('model'), memory: await backend.status('memory')}
  const findings = explainModels({...status} as never).filter(({level}) => level === 'problem')
  const warnings = (graph?.warnings ?? []).filter((warning) => warning.includes('no numbers'))
  assert.equal(
    findings.map(({text}) => text.includes('computes no numbers')),
    warnings.map(() => true),
  )
  return warnings
}

for (const [what, tensor, pattern] of [
  ['a norm that is NaN', 'blk.2.ffn_norm.weight', '0000c07f'],
  ['a norm that is infinite', 'output_norm.weight', '0000807f'],
  ['a matrix of NaN', 'blk.0.attn_q.weight', '007e'],
  ['embeddings that are infinite', 'token_embd.weight', '007c'],
] as const) {
  test(`${what} is a warning, and a problem of the status`, async (t) => {
    const [warning] = await warningsOf(t, qwen, tensor, pattern)
    assert.match(
      warning ?? '',
      /^The model computes no numbers: its weights have values that are infinite or not a number/,
    )
  })
}

for (const model of [qwen, qwenQ8, phi3]) {
  test(`${model.split('/').at(-1) ?? ''} computes numbers`, async (t) => {
    assert.equal(await warningsOf(t, model), [])
  })
}
