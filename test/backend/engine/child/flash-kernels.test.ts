import * as assert from 'uvu/assert'
import {defaultConfig} from '../../../../src/config/index.js'
import {missingKernel} from '../../../../src/backend/engine/child/flash-kernels.js'
import {suite} from '../../../support/suite.js'

const test = suite('flash-attention kernels of a GPU')

const {model} = defaultConfig()
const types = ['f32', 'f16', 'bf16', 'q8_0', 'q4_0', 'q4_1', 'iq4_nl', 'q5_0', 'q5_1'] as const
const pairs = types.flatMap((keys) => types.map((values) => ({cache_type_k: keys, cache_type_v: values})))
const warned = (gpu: string | false, layers: number, changes: object = {}): string[] =>
  pairs
    .filter((pair) => missingKernel(gpu, layers, {...model, ...pair, ...changes}) !== undefined)
    .map((pair) => `${pair.cache_type_k}/${pair.cache_type_v}`)

test('four pairs have one, and only those', () => {
  const quiet = pairs
    .map((pair) => `${pair.cache_type_k}/${pair.cache_type_v}`)
    .filter((pair) => !warned('cuda', 1).includes(pair))
  assert.equal(quiet, ['f16/f16', 'bf16/bf16', 'q8_0/q8_0', 'q4_0/q4_0'])
})

test('none is needed on the CPU, without flash attention, and by what is no CUDA', () => {
  assert.equal(warned('cuda', 0), [])
  assert.equal(warned(false, 0), [])
  assert.equal(warned('cuda', 1, {flash_attention: false}), [])
  assert.equal(warned('metal', 1), [])
})

test('the warning names the pair, what it costs, and the pairs that have one', () => {
  const warning = missingKernel('cuda', 1, {...model, cache_type_k: 'q8_0', cache_type_v: 'q4_0'})
  assert.match(
    warning ?? '',
    /cache_type_k q8_0 with cache_type_v q4_0\. .*slower\. .*f16\/f16, bf16\/bf16, q8_0\/q8_0, q4_0\/q4_0/,
  )
})
