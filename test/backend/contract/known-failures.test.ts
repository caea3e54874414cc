import * as assert from 'uvu/assert'
import {findKnownFailure} from '../../../src/backend/contract/known-failures.js'
import {suite} from '../../support/suite.js'

const test = suite('known failures')

const oldDriver = 'CUDA error: the provided PTX was compiled with an unsupported toolchain.'

test('a driver that is too old for the PTX is found in whatever is printed around it', () => {
  const output = `ggml_cuda_init: found 1 CUDA devices\n/x/ggml-cuda.cu:98: CUDA error\n  ${oldDriver}\n  current device: 0`
  const known = findKnownFailure(output)
  assert.is(known?.line, oldDriver)
  assert.match(known?.hint ?? '', /Update the driver/)
})

test('another failure of the GPU points to driver, memory and log', () => {
  const known = findKnownFailure('CUDA error: out of memory\n')
  assert.is(known?.line, 'CUDA error: out of memory')
  assert.match(known?.hint ?? '', /nvidia-smi/)
})

test('what is not known has no hint', () => {
  assert.is(findKnownFailure('GGML_ASSERT(n_tokens > 0) failed'), undefined)
  assert.is(findKnownFailure(''), undefined)
})
