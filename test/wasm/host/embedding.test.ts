import * as assert from 'uvu/assert'
import {embeddingText} from '../../../src/wasm/host/embedding.js'
import {suite} from '../../support/suite.js'

const test = suite('embeddings of guests')

const numbers = (norm: number): number[] =>
  (JSON.parse(embeddingText(Float32Array.of(0.6, -0.8), norm)) as {embedding: number[]}).embedding

test('the text has WasmEdge’s form', () => {
  assert.is(embeddingText(Float32Array.of(0.5, -0.5), 1), '{"n_embedding": 2, "embedding": [0.5,-0.5]}')
})

test('each norm scales the vector as llama.cpp does', () => {
  const near = (values: number[], wanted: number[]): void =>
    values.forEach((value, index) =>
      assert.ok(Math.abs(value - (wanted[index] ?? NaN)) < 1e-5 * Math.abs(value), `${value}`),
    )
  near(numbers(2), [0.6, -0.8])
  near(numbers(1), [0.6 / 1.4, -0.8 / 1.4])
  near(numbers(0), [(0.6 / 0.8) * 32_760, -32_760])
  near(numbers(3), [0.6 / Math.cbrt(0.728), -0.8 / Math.cbrt(0.728)])
})

test('a vector of zeros stays one', () => {
  for (const norm of [0, 1, 2, 3])
    assert.is(embeddingText(new Float32Array(1), norm), '{"n_embedding": 1, "embedding": [0]}')
})
