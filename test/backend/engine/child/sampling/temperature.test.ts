import * as assert from 'uvu/assert'
import {softmax, type Candidates} from '../../../../../src/backend/engine/child/sampling/candidates.js'
import {
  applyDynamicTemperature,
  applyTemperature,
} from '../../../../../src/backend/engine/child/sampling/temperature.js'
import {suite} from '../../../../support/suite.js'

const test = suite('temperature')

const candidates: Candidates = [
  {id: 0, logit: 2},
  {id: 1, logit: 1},
]

test('divides the logits', () => {
  assert.equal(
    applyTemperature(candidates, 0.5).map(({logit}) => logit),
    [4, 2],
  )
})

test('0 leaves the most likely candidate', () => {
  assert.equal(applyTemperature(candidates, 0), [{id: 0, logit: 2}])
})

test('dynamic: a uniform choice gets the highest temperature, a certain one the lowest', () => {
  const options = {temperature: 1, range: 0.5, exponent: 1}
  const uniform = [0, 1, 2].map((id) => ({id, logit: 3}))
  assert.equal(
    applyDynamicTemperature(uniform, options).map(({logit}) => logit),
    [2, 2, 2],
  )
  const certain = [
    {id: 0, logit: 500},
    {id: 1, logit: 0},
  ]
  assert.is(applyDynamicTemperature(certain, options)[0]?.logit, 1000)
})

test('dynamic: in between, the relative entropy to the power of the exponent decides', () => {
  const [p = 0, q = 0] = softmax(candidates)
  const relative = -(p * Math.log(p) + q * Math.log(q)) / Math.log(2)
  const expected = 0.5 + 1 * relative ** 2
  const [first] = applyDynamicTemperature(candidates, {temperature: 1, range: 0.5, exponent: 2})
  assert.ok(Math.abs((first?.logit ?? 0) - 2 / expected) < 1e-9)
})

test('without a range it is the plain temperature', () => {
  const options = {temperature: 0.5, range: 0, exponent: 1}
  assert.equal(applyDynamicTemperature(candidates, options), applyTemperature(candidates, 0.5))
})
